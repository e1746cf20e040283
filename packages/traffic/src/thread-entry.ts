/** How a thread of this package is started: its file, and what Node needs to load it. */
export interface ThreadEntry {
  readonly url: URL;
  readonly execArgv: string[];
}

/**
 * The entry of a thread by its path below this folder, without extension. Run from sources, a thread resolves the other
 * packages to their sources too, whatever the flags of the process (a test runner resolves them by itself, a thread does not).
 */
export function threadEntry(path: string): ThreadEntry {
  const fromSources = import.meta.url.endsWith(".ts");
  const url = new URL(`./${path}${fromSources ? ".ts" : ".js"}`, import.meta.url);
  return { url, execArgv: fromSources ? ["--conditions=@churnlab/source"] : [] };
}
