import { ChurnError } from "@churnlab/core";
import { isOwnerDead, OWNER_LABEL } from "./container-owner.ts";
import { DockerCli } from "./docker-cli.ts";

/** What a look for containers of dead runs has come to. */
export interface CleanedContainers {
  /** Names of those that are gone now. */
  readonly removed: readonly string[];
  /** Those that the engine has kept, each with what it says. */
  readonly kept: readonly { readonly name: string; readonly error: ChurnError }[];
}

/**
 * Removes the containers whose harness is seen to be dead, with their layers and volumes. There is nothing else to remove: the containers
 * are on no network of the engine, and their cables go with their namespaces. One that cannot be removed stops none of the
 * others. Nothing where no engine is installed; rejects as `DockerCli.run` does where one is and cannot be asked.
 */
export async function cleanContainers(
  cli: DockerCli = new DockerCli(),
): Promise<CleanedContainers> {
  const removed: string[] = [];
  const failed: { name: string; error: ChurnError }[] = [];
  const left = (await listOwned(cli)).filter(({ owner }) => isOwnerDead(owner));
  for (const { name } of left) {
    try {
      await cli.run(["rm", "--force", "--volumes", name]);
      removed.push(name);
    } catch (error) {
      if (!(error instanceof ChurnError)) throw error;
      failed.push({ name, error });
    }
  }
  if (failed.length === 0) return { removed, kept: [] };
  // Another may have been removing it at the same time.
  const still = new Set((await listOwned(cli)).map(({ name }) => name));
  return { removed, kept: failed.filter(({ name }) => still.has(name)) };
}

interface OwnedContainer {
  readonly name: string;
  readonly owner: string;
}

/** In one question, so that none can vanish between its name and its owner. */
async function listOwned(cli: DockerCli): Promise<OwnedContainer[]> {
  const filter = ["--filter", `label=${OWNER_LABEL}`];
  const format = ["--format", `{{.Names}} {{.Label "${OWNER_LABEL}"}}`];
  try {
    const listed = await cli.run(["ps", "--all", ...filter, ...format]);
    if (listed === "") return [];
    return listed.split("\n").map((line) => {
      const [name = "", owner = ""] = line.split(" ");
      return { name, owner };
    });
  } catch (error) {
    if (error instanceof ChurnError && error.code === "E_TOOL_MISSING") return [];
    throw error;
  }
}
