import { formatRunList } from "@churnlab/report";
import { openStore } from "@churnlab/store";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { fitScreen } from "../fit-screen.ts";
import { terminal } from "../terminal.ts";
import { terminalStyle } from "../terminal-style.ts";

/** Lists the runs of a database. Throws as `openStore` does: `E_PLATFORM`, `E_DATABASE`, `E_DATABASE_NEWER`, `E_DISK`. */
export function runs(options: { readonly db: string; readonly json?: boolean }): ExitCode {
  using store = openStore(options.db, { mode: "read" });
  const list = store.listRuns();
  terminal.print(
    options.json
      ? JSON.stringify({ schemaVersion: 1, runs: list.toReversed() }, null, 2)
      : fitScreen(formatRunList(list, terminalStyle)),
  );
  return EXIT.ok;
}
