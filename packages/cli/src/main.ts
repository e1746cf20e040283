import { CommanderError } from "commander";
import { EXIT } from "./exit-codes.ts";
import { buildProgram } from "./program.ts";
import { terminal } from "./terminal.ts";

/** commander ends every usage error with 1; here 1 is a bug, and 0 stays for help and version. */
async function main(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = buildProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.ok;
      const { findCommandPath, printUsageError } = await import("./print-usage-error.ts");
      printUsageError(error, { command: findCommandPath(program, argv.slice(2)), terminal });
      return EXIT.usage;
    }
    const { printError } = await import("./print-error.ts");
    return printError(error, terminal);
  }
}

// A reader that has seen enough (`churnlab runs | head -1`, `churnlab run … 2>&1 | head`) is not an error: a run goes on
// and is stored whether or not anybody listens.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

process.exitCode = await main(process.argv);
