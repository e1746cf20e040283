import { styleText } from "node:util";

/** Data goes to stdout, everything said to a person besides it to stderr. */
export interface Terminal {
  /** One piece of data, with its final newline added. */
  print(data: string): void;
  say(line: string): void;
  /** Whether stderr is a screen that a block can be redrawn on. */
  readonly redraws: boolean;
  readonly columns: number;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
}

/** `util.styleText` with a stream honours TTY, NO_COLOR, FORCE_COLOR and TERM=dumb by itself. */
function style(format: Parameters<typeof styleText>[0]): (text: string) => string {
  return (text) => styleText(format, text, { stream: process.stderr });
}

/** Whether what is written there can be drawn over. */
export function isScreen({ isTTY }: NodeJS.WriteStream): boolean {
  const { NO_COLOR, TERM, CI } = process.env;
  return isTTY && !NO_COLOR && TERM !== "dumb" && !CI;
}

export const terminal: Terminal = {
  print: (data) => {
    process.stdout.write(data.endsWith("\n") ? data : `${data}\n`);
  },
  say: (line) => {
    process.stderr.write(`${line}\n`);
  },
  get redraws() {
    return isScreen(process.stderr);
  },
  get columns() {
    return process.stderr.columns ?? 80;
  },
  bold: style("bold"),
  dim: style("dim"),
  red: style("red"),
};
