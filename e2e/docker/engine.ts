import { execFileSync } from "node:child_process";
import path from "node:path";

export const ROOT: string = path.resolve(import.meta.dirname, "../..");

/** The container engine that the tests are given: the one that `docker` finds, which DOCKER_HOST may name. */
export interface EngineState {
  /** Why tests with containers cannot run; null where they can. */
  readonly missing: string | null;
}

/** Whether containers can be tested here. */
export function findEngine(): EngineState {
  if (process.getuid?.() !== 0) return { missing: "containers' namespaces are entered as root" };
  try {
    docker("info", "--format", "{{.ServerVersion}}");
    return { missing: null };
  } catch {
    return { missing: "no container engine answers; scripts/with-engine.sh npm test starts one" };
  }
}

/** The engine's command line; what it prints, trimmed. Throws with what it says when it fails. */
export function docker(...args: readonly string[]): string {
  const env = { ...process.env, DOCKER_BUILDKIT: "0" };
  return execFileSync("docker", args, { encoding: "utf8", env, cwd: ROOT, stdio: "pipe" }).trim();
}

/** The images of the Dockerfile, on a base made of the pinned Node, and one of the fleet's server. */
export function buildImages(): void {
  for (const image of ["base", "nats"]) {
    execFileSync("node", [`scripts/build-${image}-image.mjs`], { cwd: ROOT, stdio: "pipe" });
  }
  // The last stage, and on the way to it all others: what is sent to the engine is large, so it is sent once.
  const said = docker("build", "--build-arg", "BASE=churnlab-base", "--target", "controller", ".");
  const stages = readStages(said);
  for (const name of ["target", "agent", "controller"]) {
    docker("tag", stages.get(name) ?? `stage-${name}-is-not-there`, `churnlab-${name}`);
  }
}

/** The last image of each stage, by the name of the stage, as the builder tells them. */
function readStages(said: string): ReadonlyMap<string, string> {
  const [, ...stages] = said.split(/^Step \d+\/\d+ : FROM \S+ AS /m);
  return new Map(
    stages.map((text) => {
      const name = /^\S+/.exec(text)?.[0] ?? "";
      return [name, [...text.matchAll(/^ ---> ([0-9a-f]{12})$/gm)].at(-1)?.[1] ?? ""];
    }),
  );
}

/** Names of all containers of churnlab, of whichever run. */
export function listContainers(): string[] {
  const names = docker("ps", "--all", "--filter", "label=churnlab.owner", "--format", "{{.Names}}");
  return names === "" ? [] : names.split("\n");
}
