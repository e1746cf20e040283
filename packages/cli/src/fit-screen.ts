import { fitText } from "@churnlab/report/watch";

/** What is printed for people, no wider than the screen that stdout is; unchanged in a pipe or a file. */
export function fitScreen(text: string): string {
  return fitStream(text, process.stdout);
}

/** The same for what is said on stderr. */
export function fitTalk(text: string): string {
  return fitStream(text, process.stderr);
}

function fitStream(text: string, { isTTY, columns }: NodeJS.WriteStream): string {
  return isTTY && columns > 0 ? fitText(text, columns) : text;
}
