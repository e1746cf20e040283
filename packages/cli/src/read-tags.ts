import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Commit and branch of the working directory, so that runs can be followed over a history; empty outside a checkout. */
export function readTags(): Readonly<Record<string, string>> {
  const commit =
    process.env["GITHUB_SHA"] ?? process.env["CI_COMMIT_SHA"] ?? askGit("rev-parse", "HEAD");
  const branch =
    process.env["GITHUB_REF_NAME"] ??
    process.env["CI_COMMIT_REF_NAME"] ??
    askGit("rev-parse", "--abbrev-ref", "HEAD");
  return {
    ...(commit === null ? {} : { commit }),
    ...(branch === null ? {} : { branch }),
    ...readOwnCommit(),
  };
}

/** Of churnlab itself, where it runs from a checkout of its own: a version may stand for many commits. */
function readOwnCommit(): Readonly<Record<string, string>> {
  const folder = fileURLToPath(new URL("..", import.meta.url));
  // Installed below a project, it is in that project's checkout, but no file of it.
  if (askGit("-C", folder, "ls-files", "--error-unmatch", "package.json") === null) return {};
  const commit = askGit("-C", folder, "rev-parse", "HEAD");
  return commit === null ? {} : { "churnlab.commit": commit };
}

function askGit(...args: string[]): string | null {
  const { status, stdout } = spawnSync("git", args, { encoding: "utf8", timeout: 2000 });
  return status === 0 ? stdout.trim() : null;
}
