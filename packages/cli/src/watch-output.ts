import { exitCodeOf } from "./exit-codes.ts";
import { terminal } from "./terminal.ts";

/** The first of several ends that is not 0 is the end of the process. */
export function raiseExitCode(code: number): void {
  process.exitCode = Number(process.exitCode ?? 0) || code;
}

/**
 * From now on nobody has to take what is printed: a run goes on and is stored whether or not anybody listens. A reader that has
 * seen enough (`churnlab runs | head -1`) is not an error; what is lost in any other way, as on a full disk, is said once, and
 * is `E_OUTPUT` where nothing worse happens.
 */
export function watchOutput(): void {
  let isLost = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE" || isLost) return;
      isLost = true;
      raiseExitCode(exitCodeOf("E_OUTPUT"));
      if (stream === process.stdout) void sayLost(error);
    });
  }
}

async function sayLost(cause: Error): Promise<void> {
  const [{ cannotWrite }, { printError }] = await Promise.all([
    import("./cannot-write.ts"),
    import("./print-error.ts"),
  ]);
  printError(cannotWrite(null, cause), terminal);
}
