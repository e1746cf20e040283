import type { StoredRun } from "@churnlab/store";
import { h, type JSX } from "preact";
import { describeSetting } from "../../describe-setting.ts";
import { formatTime } from "../../format-value.ts";

/** Which run this is, where it ran and with what: enough to tell one open tab from another. */
export function PageHeader({ run }: { readonly run: StoredRun }): JSX.Element {
  return h(
    "header",
    { class: "page-header" },
    h("p", { class: "brand" }, "churnlab"),
    h("h1", null, run.scenario),
    run.resolved.description === ""
      ? null
      : h("p", { class: "description" }, run.resolved.description),
    h(
      "ul",
      { class: "facts" },
      listFacts(run).map((fact) => h("li", { key: fact }, fact)),
    ),
  );
}

/** The same facts in the same order as a run's header line in a terminal. */
export function listFacts(run: StoredRun): string[] {
  const host = run.environment?.facts["host.name"];
  return [
    `run ${run.runId}`,
    formatTime(run.startedAtUnixMs),
    ...(host === undefined ? [] : [`host ${host}`]),
    ...describeSetting(run),
    `churnlab ${run.churnlabVersion}`,
  ];
}
