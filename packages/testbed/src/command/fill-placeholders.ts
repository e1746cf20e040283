/** What a program is told of the trial it runs in. */
export interface CommandPlace {
  readonly host: string;
  readonly port: number;
  /** A directory of its own, removed with the trial. */
  readonly dir: string;
  /** `host:port` of the upstream; null where there is none. */
  readonly upstream: string | null;
}

/** The words of a command with `{host}`, `{port}`, `{dir}` and `{upstream}` filled in; other braces are left alone. */
export function fillPlaceholders(words: readonly string[], place: CommandPlace): string[] {
  const values: Readonly<Record<string, string>> = {
    "{host}": place.host,
    "{port}": String(place.port),
    "{dir}": place.dir,
    "{upstream}": place.upstream ?? "{upstream}",
  };
  return words.map((word) =>
    word.replace(/\{(?:host|port|dir|upstream)\}/g, (name) => values[name] ?? name),
  );
}

/** The same as environment variables. */
export function describePlace({ host, port, dir, upstream }: CommandPlace): Record<string, string> {
  return {
    TARGET_HOST: host,
    TARGET_PORT: String(port),
    TARGET_DIR: dir,
    ...(upstream === null ? {} : { UPSTREAM: upstream }),
  };
}
