import path from "node:path";
import { ChurnError } from "@churnlab/core";
import type { DockerCli, RunBounds } from "./docker-cli.ts";

/** The container engine and its version, `docker 28.5.1`. Rejects as `DockerCli.run` does where none answers. */
export async function readEngine(cli: DockerCli, bounds: RunBounds = {}): Promise<string> {
  const ask = (side: string): Promise<string> =>
    cli.run(["version", "--format", `{{.${side}.Version}}`], bounds);
  const version = await ask("Server").catch((error: unknown) => {
    // What is no reason to doubt the engine: one without a server does not know the word.
    if (error instanceof ChurnError && error.code === "E_TESTBED") return ask("Client");
    throw error;
  });
  return `${path.basename(cli.program)} ${version}`;
}
