import { formatWatchLine, formatWatchScreen, type WatchDocument } from "@churnlab/report/watch";
import type { createLogUpdate } from "log-update";
import { isScreen, terminal } from "../terminal.ts";
import { terminalStyle } from "../terminal-style.ts";

export interface WatchDisplay extends Disposable {
  show(seen: WatchDocument): void;
}

const COLUMNS_WITHOUT_SCREEN = 120;

/** One JSON document per line, a screen that is drawn again, or plain lines where there is no screen. */
export async function openDisplay({ json }: { readonly json: boolean }): Promise<WatchDisplay> {
  if (json) return lines((seen) => JSON.stringify(seen));
  // A terminal that does not know its size, as under `script`, cannot be drawn on.
  const redraws = isScreen(process.stdout) && process.stdout.rows > 0;
  if (!redraws) return lines(formatWatchLine);
  const { createLogUpdate } = await import("log-update");
  return screen(createLogUpdate(process.stdout));
}

/** One reading in full. */
export function printOnce(seen: WatchDocument, { json }: { readonly json: boolean }): void {
  terminal.print(json ? JSON.stringify(seen, null, 2) : formatScreen(seen));
}

function lines(format: (seen: WatchDocument) => string): WatchDisplay {
  return {
    show: (seen) => terminal.print(format(seen)),
    [Symbol.dispose]() {},
  };
}

/** The last screen stays when it ends. */
function screen(update: ReturnType<typeof createLogUpdate>): WatchDisplay {
  return {
    show: (seen) => update(`${formatScreen(seen)}\n${terminalStyle.quiet("q ends")}`),
    [Symbol.dispose]: () => update.done(),
  };
}

function formatScreen(seen: WatchDocument): string {
  const columns = process.stdout.columns || COLUMNS_WITHOUT_SCREEN;
  return formatWatchScreen(seen, { style: terminalStyle, columns }).join("\n");
}
