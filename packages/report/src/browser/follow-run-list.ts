import { followStream } from "./follow-stream.ts";
import { filterRows } from "./row-filter.ts";

const REFRESH_MS_MIN = 1000;

/** Keeps the list of runs up to date without losing what the reader has chosen in it. */
export function followRunList(): void {
  let isDue = false;
  const refreshSoon = (): void => {
    if (isDue) return;
    isDue = true;
    setTimeout(() => {
      isDue = false;
      // A server that is gone is come back to by the stream.
      refresh().catch(() => {});
    }, REFRESH_MS_MIN);
  };
  let isInTrouble = false;
  followStream({
    types: ["runs", "begin", "result", "end"],
    onEvent: refreshSoon,
    onOpen() {
      // What was told meanwhile was told to nobody here.
      if (isInTrouble) refreshSoon();
      isInTrouble = false;
    },
    onTrouble() {
      isInTrouble = true;
    },
  });
}

async function refresh(): Promise<void> {
  const response = await fetch("/");
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const [now, next] = [document.querySelector("main"), page.querySelector("main")];
  if (now === null || next === null) return;
  const chosen = [...now.querySelectorAll<HTMLInputElement>("input:checked")];
  for (const { name, value } of chosen) {
    const same = [...next.querySelectorAll("input")].find(
      (one) => one.name === name && one.value === value,
    );
    if (same !== undefined) same.checked = true;
  }
  now.replaceWith(document.adoptNode(next));
  filterRows();
}
