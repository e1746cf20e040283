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
