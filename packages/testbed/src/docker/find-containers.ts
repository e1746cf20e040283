import { ChurnError } from "@churnlab/core";
import { DockerCli } from "./docker-cli.ts";
import { whyNotFromOutside } from "./open-container-namespace.ts";
import { readEngine } from "./read-engine.ts";

const ANSWER_MS_MAX = 10_000;

/** What runs a target's container on this machine, `docker 28.5.1`; or why nothing can. */
export type ContainerAbility = { readonly engine: string } | { readonly lack: string };

/** Looks for an engine whose containers this process may enter. Never rejects. */
export async function findContainers(cli: DockerCli = new DockerCli()): Promise<ContainerAbility> {
  const lack = whyNotFromOutside();
  if (lack !== null) return { lack: `containers cannot be entered from outside by it (${lack})` };
  try {
    return { engine: await readEngine(cli, { timeoutMs: ANSWER_MS_MAX }) };
  } catch (error) {
    if (!(error instanceof ChurnError)) throw error;
    return { lack: `no container engine: ${error.message}` };
  }
}
