import { CommanderError } from "commander";
import { EXIT } from "./exit-codes.ts";
import { buildProgram } from "./program.ts";
import { terminal } from "./terminal.ts";
import { raiseExitCode, watchOutput } from "./watch-output.ts";

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

watchOutput();
raiseExitCode(await main(process.argv));
