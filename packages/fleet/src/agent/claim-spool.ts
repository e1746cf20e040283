import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { ChurnError } from "@churnlab/core";
import { errnoOf, lockFile } from "@churnlab/linux";
import { claimDirectory } from "./claim-directory.ts";
import { probeName } from "./result-spool.ts";
import { DRAFT_SUFFIX } from "./write-durably.ts";

/** Whose a draft is: of results, or of a note. */
const OWNED_DRAFT =
  /^(?:([^.]+)\.[^.]+\.\d+\.\d+\.ndjson|(?:fence-([^.]+)\.[^.]+|undo-([^.]+))\.json)\.draft$/;

export interface SpoolOwner {
  readonly directory: string;
  readonly agent: string;
}

/**
 * Takes an agent's spool for this process, before anything in it is read: what is noted there of a running trial is for the process
 * that runs it. Throws `E_FLEET` while another process of this agent lives, `E_DISK` as `claimDirectory` does.
 */
export function claimSpool({ directory, agent }: SpoolOwner): Disposable {
  claimDirectory(directory);
  const held = lock(path.join(directory, `lock-${agent}`));
  if (held !== null) {
    removeDrafts({ directory, agent });
    return held;
  }
  throw new ChurnError(
    "E_FLEET",
    `Another agent is called ${agent}: a process that has ${directory}`,
    {
      hint: "End it, or give each agent a --name and a --spool of its own.",
    },
  );
}

/** What a process of the agent was about to write when it was killed: nobody reads it. */
function removeDrafts({ directory, agent }: SpoolOwner): void {
  for (const name of readdirSync(directory)) {
    const isProbe = name.startsWith(probeName(agent, ""));
    const isDraft = name.endsWith(DRAFT_SUFFIX) && OWNED_DRAFT.exec(name)?.slice(1).includes(agent);
    if (isProbe || isDraft === true) rmSync(path.join(directory, name), { force: true });
  }
}

function lock(file: string): Disposable | null {
  try {
    return lockFile(file);
  } catch (cause) {
    throw new ChurnError(
      "E_DISK",
      `${file} cannot be locked (${errnoOf(cause) ?? String(cause)})`,
      {
        hint: "An agent keeps its results in a directory of its own: name another with --spool.",
        cause,
      },
    );
  }
}
