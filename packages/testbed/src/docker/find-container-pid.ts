import { ChurnError } from "@churnlab/core/errors";
import { DockerCli } from "./docker-cli.ts";

const ANSWER_MS_MAX = 5000;

/**
 * The first process of a running container, of whichever engine knows it: engines are asked in turn. Rejects with
 * `E_TOOL_MISSING` without any, `E_CAPABILITY` or `E_CONTAINER_ENGINE` where one could not be asked, `E_NAMESPACE` where all
 * were and none runs a container of this name.
 */
export async function findContainerPid(
  container: string,
  engines: readonly DockerCli[] = DockerCli.listInstalled(),
): Promise<number> {
  const complaints: ChurnError[] = [];
  for (const engine of engines) {
    const answer = await inspect(engine, container);
    if (typeof answer === "number") return answer;
    complaints.push(answer);
  }
  const untold = complaints.find(({ code }) => code !== "E_NAMESPACE");
  if (untold !== undefined) throw untold;
  if (complaints.length === 0) {
    throw new ChurnError("E_TOOL_MISSING", "No container engine is installed", {
      hint: "Give the process id of something inside with --pid.",
    });
  }
  throw new ChurnError("E_NAMESPACE", `No running container is named ${container}`, {
    hint: complaints.map(({ message }) => message).join("; "),
  });
}

async function inspect(engine: DockerCli, container: string): Promise<number | ChurnError> {
  const args = ["inspect", "--type", "container", "--format", "{{.State.Pid}}", "--", container];
  try {
    const pid = Number(await engine.run(args, { timeoutMs: ANSWER_MS_MAX }));
    // 0 is what engines say of a container that does not run.
    if (Number.isSafeInteger(pid) && pid > 0) return pid;
    return new ChurnError("E_NAMESPACE", `${engine.program}: it is not running`);
  } catch (error) {
    if (!(error instanceof ChurnError)) throw error;
    // What is no failure of the engine is its word on the container.
    return error.code === "E_TESTBED" ? new ChurnError("E_NAMESPACE", error.message) : error;
  }
}
