import path from "node:path";

/**
 * The environment in which `node` means the pinned Node, also for what a step starts in its turn.
 * @param {string} root
 * @returns {NodeJS.ProcessEnv}
 */
export function pinnedEnvironment(root) {
  const bin = path.join(root, "node_modules/.bin");
  return { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ""}` };
}

/**
 * The same for tools and tests, whose caches, settings and tokens stay in this folder too.
 * @param {string} root
 * @returns {NodeJS.ProcessEnv}
 */
export function toolEnvironment(root) {
  const xdg = path.join(root, ".cache/xdg");
  return {
    ...pinnedEnvironment(root),
    XDG_CACHE_HOME: path.join(xdg, "cache"),
    XDG_CONFIG_HOME: path.join(xdg, "config"),
    XDG_DATA_HOME: path.join(xdg, "data"),
    XDG_STATE_HOME: path.join(xdg, "state"),
  };
}
