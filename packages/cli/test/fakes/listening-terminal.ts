import type { Terminal } from "../../src/terminal.ts";

const same = (text: string): string => text;
const print = (): void => {};

/** A terminal that keeps what is said to it. */
export function listen(): Terminal & { readonly said: string[] } {
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  return { said, print, say, redraws: false, columns: 80, bold: same, dim: same, red: same };
}
