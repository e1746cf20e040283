/** Reads a database and prints how that ended. Usage: read-only-reader.ts <file>. */
import { ChurnError } from "@churnlab/core";
import { openStore } from "../src/index.ts";

function read(path: string): unknown {
  try {
    using store = openStore(path, { mode: "read" });
    return { runs: store.listRuns().length };
  } catch (error) {
    if (!(error instanceof ChurnError)) throw error;
    const { code, message, hint } = error;
    return { code, message, hint };
  }
}

process.stdout.write(JSON.stringify(read(process.argv[2] ?? "")));
