import { SetupProblem } from "./setup-problem.mjs";

const EVIDENCE_LINES_MAX = 12;

/**
 * The causes that people meet, by what npm or pnpm prints about them. The first match tells.
 * @type {readonly { pattern: RegExp, message: string, fix: (context: { root: string, pnpm: string }) => string }[]}
 */
const CAUSES = [
  {
    pattern: /ENOSPC|no space left/i,
    message: "the disk is full",
    fix: ({ root }) => `free 1 GB where ${root} is, then run the same command again`,
  },
  {
    pattern: /EACCES|EPERM|EROFS|permission denied|read-only file system/i,
    message: "this folder cannot be written",
    fix: ({ root }) =>
      `make ${root} writable for you (an earlier run as root leaves files of root)`,
  },
  {
    pattern: /OUTDATED_LOCKFILE|LOCKFILE_CONFIG_MISMATCH|NO_LOCKFILE|BROKEN_LOCKFILE/,
    message: "pnpm-lock.yaml does not match the package.json files",
    fix: ({ pnpm }) => `npx pnpm@${pnpm} install, and commit pnpm-lock.yaml`,
  },
  {
    pattern: /spawn npx ENOENT/,
    message: "npm is not installed beside node",
    fix: () => "install npm (Debian: apt-get install npm)",
  },
  {
    pattern:
      /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|ETIMEDOUT|ERR_SOCKET|META_FETCH_FAIL|dns error|tcp connect error|error sending request/i,
    message: "the package registry cannot be reached",
    fix: () =>
      "check the network and npm's `registry` and `proxy` settings (`npm ping` tells), then run the same command again",
  },
];

/**
 * @param {{ code: number, output: string, pnpm: string, root: string }} failure
 * @returns {SetupProblem}
 */
export function explainInstallFailure({ code, output, pnpm, root }) {
  const evidence = output
    .trim()
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-EVIDENCE_LINES_MAX)
    .join("\n");
  // pnpm breaks its messages at the width of a terminal, also within a phrase.
  const unwrapped = output.replaceAll(/\s+/g, " ");
  const cause = CAUSES.find(({ pattern }) => pattern.test(unwrapped));
  if (cause !== undefined) {
    return new SetupProblem(`packages: ${cause.message}`, {
      fix: cause.fix({ root, pnpm }),
      evidence,
    });
  }
  return new SetupProblem(`packages: pnpm ended with code ${code}`, {
    fix: "the lines above name the cause; rm -rf node_modules .cache starts afresh",
    evidence,
  });
}
