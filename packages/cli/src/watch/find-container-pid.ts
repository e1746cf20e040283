import { spawnSync } from "node:child_process";
import { ChurnError } from "@churnlab/core/errors";
import { errnoOf } from "@churnlab/linux";

const RUNTIMES = ["docker", "podman"] as const;
const TIMEOUT_MS = 5000;

/**
 * The first process of a running container, as the container runtimes of this machine tell it. Throws `E_TOOL_MISSING`
 * without any, `E_NAMESPACE` when none knows a running container of this name.
 */
export function findContainerPid(container: string): number {
  const answers = RUNTIMES.map((runtime) => inspect(runtime, container));
  const pid = answers.map((answer) => answer.pid).find((each) => each !== null);
  if (pid !== undefined) return pid;
  const complaints = answers.map(({ complaint }) => complaint).filter((each) => each !== null);
  if (complaints.length === 0) {
    throw new ChurnError("E_TOOL_MISSING", "Neither docker nor podman is installed.", {
      hint: "Give the process id of something inside with --pid.",
    });
  }
  throw new ChurnError("E_NAMESPACE", `No running container is named ${container}.`, {
    hint: complaints.join("; "),
  });
}

interface Answer {
  readonly pid: number | null;
  /** null where the runtime is not installed. */
  readonly complaint: string | null;
}

function inspect(runtime: string, container: string): Answer {
  const args = ["inspect", "--type", "container", "--format", "{{.State.Pid}}", "--", container];
  const { error, status, stdout, stderr } = spawnSync(runtime, args, {
    encoding: "utf8",
    timeout: TIMEOUT_MS,
  });
  if (errnoOf(error) === "ENOENT") return { pid: null, complaint: null };
  const pid = Number(stdout);
  // 0 is what both say of a container that does not run.
  if (status === 0 && Number.isSafeInteger(pid) && pid > 0) return { pid, complaint: null };
  const said = error?.message ?? stderr.trim().split("\n").at(-1) ?? "";
  return { pid: null, complaint: `${runtime}: ${status === 0 ? "it is not running" : said}` };
}
