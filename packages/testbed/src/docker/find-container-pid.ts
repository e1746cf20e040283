import { ChurnError } from "@churnlab/core/errors";
import { DockerCli } from "./docker-cli.ts";

const ANSWER_MS_MAX = 5000;

/** What docker, podman and nerdctl say of a container that they do not have. */
const KNOWS_NONE = /no such (?:container|object)/i;

/**
 * The first process of a running container, of whichever engine knows it: engines are asked in turn. Rejects with
 * `E_TOOL_MISSING` without any, `E_CAPABILITY` or `E_CONTAINER_ENGINE` where one could not be asked, `E_NAMESPACE` where all
 * were and none runs a container of this name.
 */
export async function findContainerPid(
  container: string,
  engines: readonly DockerCli[] = DockerCli.listInstalled(),
): Promise<number> {
  const unasked: ChurnError[] = [];
  const said: string[] = [];
  for (const engine of engines) {
    try {
      const pid = await inspect(engine, container);
      if (pid > 0) return pid;
      said.push(`${engine.program}: it is not running`);
    } catch (error) {
      if (!(error instanceof ChurnError)) throw error;
      // Only this is its word on the container; whatever else it says, it could not be asked.
      if (KNOWS_NONE.test(error.message)) said.push(`${engine.program}: no such container`);
      else unasked.push(error.code === "E_TESTBED" ? couldNotBeAsked(error) : error);
    }
  }
  if (unasked[0] !== undefined) throw unasked[0];
  if (said.length === 0) {
    throw new ChurnError("E_TOOL_MISSING", "No container engine is installed", {
      hint: "Give the process id of something inside with --pid.",
    });
  }
  throw new ChurnError(
    "E_NAMESPACE",
    `No running container is named ${container} (${said.join("; ")})`,
    {
      hint: `\`${engines[0]?.program} ps\` shows what runs; or say --pid of something inside.`,
    },
  );
}

function couldNotBeAsked({ message }: ChurnError): ChurnError {
  return new ChurnError("E_CONTAINER_ENGINE", message, {
    hint: "Give the process id of something inside with --pid.",
  });
}

/** 0, as engines say it, of one that does not run. */
async function inspect(engine: DockerCli, container: string): Promise<number> {
  const args = ["inspect", "--type", "container", "--format", "{{.State.Pid}}", "--", container];
  const pid = Number(await engine.run(args, { timeoutMs: ANSWER_MS_MAX }));
  return Number.isSafeInteger(pid) ? pid : 0;
}
