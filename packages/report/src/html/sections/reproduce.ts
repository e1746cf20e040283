import { quoteWord } from "@churnlab/core";
import { h } from "preact";
import { formatTime } from "../../format-value.ts";
import { DataTable, Fold } from "../parts/data-table.ts";
import type { Section } from "../parts/section.ts";
import type { ReportData } from "../report-data.ts";

/** Everything that it takes to run this again, and to read its numbers elsewhere. */
export function reproduceSection({ run, database }: ReportData): Section {
  const commands = [
    [
      "churnlab",
      "run",
      "scenario.yaml",
      "--seed",
      String(run.seed),
      ...listFlags(run),
      ...(run.resolved.placeFlags ?? []),
    ],
    ["churnlab", "show", `${database}#${run.runId}`],
    ["churnlab", "export", `${database}#${run.runId}`, "--format", "csv"],
  ];
  return {
    id: "reproduce",
    title: "Reproduce",
    lead: "Save the scenario below as scenario.yaml and run it with these flags; the seed fixes the order of the trials and all that is random in them.",
    body: [
      h(
        "pre",
        { class: "commands", tabIndex: 0 },
        h("code", null, commands.map((words) => `$ ${words.map(quoteWord).join(" ")}`).join("\n")),
      ),
      h(
        Fold,
        { title: "Show the scenario" },
        h("pre", { tabIndex: 0 }, h("code", null, run.resolved.source)),
      ),
      h(DataTable, {
        caption: "What made this",
        columns: [{ title: "what" }, { title: "value" }],
        rows: [
          ["run", run.runId],
          ["started", formatTime(run.startedAtUnixMs)],
          ["ended", run.endedAtUnixMs === null ? "–" : formatTime(run.endedAtUnixMs)],
          ["churnlab", run.churnlabVersion],
          ["seed", String(run.seed)],
          ["fingerprint of the environment", run.fingerprint ?? "–"],
          ["engine", enginesOf(run.trialList)],
          ...Object.entries(run.tags).map(([name, value]) => [TAG_TITLES[name] ?? name, value]),
          ["database", database],
        ],
      }),
    ],
  };
}

/** Whose commit it is: that of the folder that the run was started in says nothing of churnlab. */
const TAG_TITLES: Readonly<Record<string, string>> = {
  commit: "commit of the working directory",
  branch: "branch of the working directory",
  "churnlab.commit": "commit of churnlab",
};

/** What was written over the scenario on the command line. */
function listFlags({ resolved: { overrides } }: ReportData["run"]): string[] {
  if (overrides === undefined) return [];
  const { set, only, replicates } = overrides;
  return [
    ...(replicates === null ? [] : ["--replicates", String(replicates)]),
    ...set.flatMap((setting) => ["--set", setting]),
    ...only.flatMap((names) => ["--only", names]),
  ];
}

function enginesOf(trials: ReportData["run"]["trialList"]): string {
  const engines = trials.flatMap(({ engine, engineReason }) => {
    if (engine === null) return [];
    return [engineReason === null ? engine : `${engine} (${engineReason})`];
  });
  return [...new Set(engines)].join(", ") || "–";
}
