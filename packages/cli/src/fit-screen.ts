import { fitText } from "@churnlab/report";

/** What is printed for people, no wider than the screen that stdout is; unchanged in a pipe or a file. */
export function fitScreen(text: string): string {
  const { isTTY, columns } = process.stdout;
  return isTTY && columns > 0 ? fitText(text, columns) : text;
}
