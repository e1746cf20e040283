import type { RunSummary } from "@churnlab/store";
import { h, type JSX } from "preact";
import { formatTime } from "../../format-value.ts";
import { DataTable } from "../../html/parts/data-table.ts";
import { Mark, type Tone } from "../../html/parts/mark.ts";
import { formatTrials } from "../../text/format-run-list.ts";

const TONES: Readonly<Record<RunSummary["state"], Tone>> = {
  completed: "good",
  running: "none",
  failed: "bad",
  aborted: "doubt",
};

/** All runs of the database, newest first; two of them can be chosen and compared. */
export function HistoryPage({
  runs,
  path,
}: {
  readonly runs: readonly RunSummary[];
  readonly path: string;
}): JSX.Element {
  return h(
    "main",
    { class: "page history" },
    h("h1", null, "Runs"),
    h("p", { class: "lead" }, `In ${path}, newest first.`),
    runs.length === 0
      ? h("p", null, "No run yet: churnlab run <scenario> makes one.")
      : h(RunTable, { runs }),
  );
}

function RunTable({ runs }: { readonly runs: readonly RunSummary[] }): JSX.Element {
  const newest = runs.toReversed();
  return h(
    "form",
    { action: "/compare", method: "get" },
    h(DataTable, {
      caption: "Runs",
      columns: [
        { title: "run" },
        { title: "started" },
        { title: "scenario" },
        { title: "variants", align: "right" },
        { title: "trials" },
        { title: "state" },
        { title: "tags" },
        { title: "A" },
        { title: "B" },
      ],
      rows: newest.map((run, i) => [
        h("a", { href: `/runs/${run.runId}` }, run.runId),
        formatTime(run.startedAtUnixMs),
        h("a", { href: `/trend?scenario=${encodeURIComponent(run.scenario)}` }, run.scenario),
        String(run.variants),
        formatTrials(run),
        run.state === "running"
          ? h("a", { href: "/live" }, "● running")
          : h(Mark, { tone: TONES[run.state] }, run.state),
        Object.entries(run.tags)
          .map(([name, value]) => `${name}=${value}`)
          .join(" "),
        choice("a", run.runId, i === 1),
        choice("b", run.runId, i === 0),
      ]),
    }),
    newest.length < 2
      ? null
      : h("p", null, h("button", { class: "button", type: "submit" }, "Compare B with A")),
  );
}

function choice(name: "a" | "b", runId: string, isChosen: boolean): JSX.Element {
  const label = `${runId} as ${name.toUpperCase()}`;
  return h("input", { type: "radio", name, value: runId, checked: isChosen, "aria-label": label });
}
