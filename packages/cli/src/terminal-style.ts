import { styleText } from "node:util";
import type { Style } from "@churnlab/report";

function style(format: Parameters<typeof styleText>[0]): (text: string) => string {
  return (text) => styleText(format, text, { stream: process.stdout });
}

/** Colour where stdout is a screen that wants it; `util.styleText` honours NO_COLOR, FORCE_COLOR and TERM=dumb. */
export const terminalStyle: Style = {
  good: style("green"),
  bad: style("red"),
  doubt: style("yellow"),
  quiet: style("dim"),
  strong: style("bold"),
  ...(process.stdout.isTTY && process.stdout.columns > 0
    ? { columns: process.stdout.columns }
    : {}),
};
