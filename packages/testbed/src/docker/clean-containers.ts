import { ChurnError, type ProcessSeen } from "@churnlab/core";
import { seeProcess } from "@churnlab/linux";
import { DockerCli } from "./docker-cli.ts";
import { OWNER_LABEL } from "./owner-label.ts";
import { removeContainer } from "./remove-container.ts";

/** What a look for containers of dead runs has come to. */
export interface CleanedContainers {
  /** Names of those that are gone now. */
  readonly removed: readonly string[];
  /** Those that the engine has kept, each with what it says. */
  readonly kept: readonly { readonly name: string; readonly error: ChurnError }[];
  /** Those whose harness cannot be seen from here: it may live, and they are left. */
  readonly unseen: readonly UnseenContainer[];
}

/** A container whose harness cannot be looked for from here. */
export interface UnseenContainer {
  readonly name: string;
  readonly owner: Exclude<ProcessSeen, "alive" | "dead">;
}

/**
 * Removes the containers whose harness is seen to be dead, with their layers and volumes, and those of `named` whose harness
 * cannot be seen. There is nothing else to remove: the containers are on no network of the engine, and their cables go with
 * their namespaces. One that cannot be removed stops none of the others. Nothing where no engine is installed; rejects as
 * `DockerCli.run` does where one is and cannot be asked, and with `E_USAGE`, before anything is removed, where a named one is
 * not churnlab's or its harness is seen to live.
 */
export async function cleanContainers(
  named: readonly string[] = [],
  cli: DockerCli = new DockerCli(),
): Promise<CleanedContainers> {
  const owned = (await listOwned(cli)).map(({ name, owner }) => {
    return { name, owner: seeProcess(owner) };
  });
  for (const name of named) checkNamed(name, owned.find((each) => each.name === name)?.owner);
  const left = owned.filter(({ name, owner }) => owner === "dead" || named.includes(name));
  const unseen = owned.filter((each): each is UnseenContainer => {
    return each.owner !== "dead" && each.owner !== "alive" && !named.includes(each.name);
  });
  const removed: string[] = [];
  const failed: { name: string; error: ChurnError }[] = [];
  for (const { name } of left) {
    try {
      await removeContainer(cli, name);
      removed.push(name);
    } catch (error) {
      if (!(error instanceof ChurnError)) throw error;
      failed.push({ name, error });
    }
  }
  if (failed.length === 0) return { removed, kept: [], unseen };
  // Another may have been removing it at the same time.
  const still = new Set((await listOwned(cli)).map(({ name }) => name));
  return { removed, kept: failed.filter(({ name }) => still.has(name)), unseen };
}

function checkNamed(name: string, owner: ProcessSeen | undefined): void {
  if (owner === undefined) {
    throw new ChurnError("E_USAGE", `There is no container of churnlab named ${name}`, {
      hint: "`churnlab clean` lists those that it leaves.",
    });
  }
  if (owner === "alive") {
    throw new ChurnError("E_USAGE", `The container ${name} belongs to a run that goes on`, {
      hint: "End that run; it removes its containers itself.",
    });
  }
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
