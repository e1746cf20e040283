import { exitCodeOf } from "./exit-codes.ts";
import { terminal } from "./terminal.ts";

/** The first of several ends that is not 0 is the end of the process. */
export function raiseExitCode(code: number): void {
  process.exitCode = Number(process.exitCode ?? 0) || code;
}

/**
 * From now on nobody has to take what is printed: a run goes on and is stored whether or not anybody listens. A reader that has
 * seen enough (`churnlab runs | head -1`) is not an error; what is lost in any other way, as on a full disk, is said once, and
 * is `E_OUTPUT` where the command itself ends with 0.
 */
export function watchOutput(): void {
  const lost = new Set<NodeJS.WriteStream>();
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE" || lost.has(stream)) return;
      lost.add(stream);
      if (stream === process.stdout) void sayLost(error);
    });
  }
  // The last word: a gate that fails afterwards is what the status is about.
  process.once("exit", () => {
    if (lost.size > 0) raiseExitCode(exitCodeOf("E_OUTPUT"));
  });
}

async function sayLost(cause: Error): Promise<void> {
  const [{ cannotWrite }, { printError }] = await Promise.all([
    import("./cannot-write.ts"),
    import("./print-error.ts"),
  ]);
  printError(cannotWrite(null, cause), terminal);
}
