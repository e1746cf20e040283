import { setTimeout as sleep } from "node:timers/promises";
import { ChurnError } from "@churnlab/core";
import type { DockerCli, RunBounds } from "./docker-cli.ts";

const REMOVE_MS_MAX = 5000;
/** How long a container that nobody waits for any more may take to appear. */
const APPEAR_MS_MAX = 2000;
/** What has not appeared by then, the engine has forgotten. */
const LATE_MS_MAX = 120_000;
const LOOK_EVERY_MS = 100;

/**
 * Removes a container with its layers and volumes, whatever it does. False where there is none of this name; rejects as
 * `DockerCli.run` does.
 */
export async function removeContainer(
  cli: DockerCli,
  name: string,
  bounds: RunBounds = {},
): Promise<boolean> {
  try {
    // Some engines fail for a name that they do not know, others say nothing.
    return (await cli.run(["rm", "--force", "--volumes", name], bounds)) !== "";
  } catch (error) {
    if (error instanceof ChurnError && /no such container/i.test(error.message)) return false;
    throw error;
  }
}

/**
 * Removes what a start that failed may have left. `mayAppear`: its creation was given up, and an engine goes on creating after
 * the command that asked for it has been killed. What is not seen to be gone is noted, for `removeLate`. Never rejects.
 */
export async function removeFailed(
  cli: DockerCli,
  name: string,
  { mayAppear }: { readonly mayAppear: boolean },
): Promise<void> {
  const beganAtMs = performance.now();
  try {
    for (;;) {
      const isRemoved = await removeContainer(cli, name, { timeoutMs: REMOVE_MS_MAX });
      if (isRemoved || !mayAppear) return;
      if (performance.now() - beganAtMs >= APPEAR_MS_MAX) break;
      await sleep(LOOK_EVERY_MS);
    }
  } catch {
    // The engine cannot be asked now.
  }
  cli.late.set(name, beganAtMs);
}

/** Looks once more for those that were noted, as far as the engine answers. Never rejects. */
export async function removeLate(cli: DockerCli): Promise<void> {
  try {
    for (const [name, sinceMs] of cli.late) {
      const isRemoved = await removeContainer(cli, name, { timeoutMs: REMOVE_MS_MAX });
      if (isRemoved || performance.now() - sinceMs > LATE_MS_MAX) cli.late.delete(name);
    }
  } catch {
    // The next look may find it.
  }
}
