import { filterRows } from "./row-filter.ts";

const REFRESH_MS_MIN = 1000;

/** Keeps the list of runs up to date without losing what the reader has chosen in it. */
export function followRunList(): void {
  let isDue = false;
  const stream = new EventSource("/api/stream");
  for (const type of ["runs", "begin", "result", "end"]) {
    stream.addEventListener(type, () => {
      if (isDue) return;
      isDue = true;
      setTimeout(() => {
        isDue = false;
        void refresh();
      }, REFRESH_MS_MIN);
    });
  }
}

async function refresh(): Promise<void> {
  const page = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
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
