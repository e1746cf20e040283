import { h, type JSX } from "preact";
import { render } from "preact-render-to-string";
import { describeRunVerdict } from "./describe-verdict.ts";
import { listTiles } from "./list-tiles.ts";
import { PageHeader } from "./parts/page-header.ts";
import { Contents, type Section, SectionView } from "./parts/section.ts";
import { Tiles } from "./parts/tiles.ts";
import { VerdictBanner } from "./parts/verdict-banner.ts";
import type { ReportData } from "./report-data.ts";
import { capacitySection } from "./sections/capacity.ts";
import { comparisonSection } from "./sections/comparison.ts";
import { connectCostSection } from "./sections/connect-cost.ts";
import { environmentSection } from "./sections/environment.ts";
import { failuresSection } from "./sections/failures.ts";
import { gatesSection } from "./sections/gates.ts";
import { harnessSection } from "./sections/harness.ts";
import { latencySection } from "./sections/latency.ts";
import { limitsSection } from "./sections/limits.ts";
import { overTimeSection } from "./sections/over-time.ts";
import { portModelSection } from "./sections/port-model.ts";
import { reproduceSection } from "./sections/reproduce.ts";
import { sweepSection } from "./sections/sweep.ts";
import { sysctlSection } from "./sections/sysctls.ts";
import { trialsSection } from "./sections/trials.ts";

/** The sections in the order of the questions: how much, is it good enough, why, and can I trust it. */
const SECTIONS: readonly ((data: ReportData) => Section | null)[] = [
  capacitySection,
  sweepSection,
  gatesSection,
  limitsSection,
  overTimeSection,
  connectCostSection,
  portModelSection,
  comparisonSection,
  latencySection,
  failuresSection,
  sysctlSection,
  trialsSection,
  harnessSection,
  environmentSection,
  reproduceSection,
];

/** The body of a report as HTML. Everything that comes from the database is escaped. */
export function renderReportBody(data: ReportData): string {
  return render(h(ReportBody, { data }));
}

function ReportBody({ data }: { readonly data: ReportData }): JSX.Element {
  const sections = SECTIONS.map((section) => section(data)).filter((section) => section !== null);
  return h(
    "div",
    { class: "page" },
    h(PageHeader, { run: data.run }),
    h("div", {
      class: "page-tools",
      id: "page-tools",
      role: "search",
      "aria-label": "this page",
      hidden: true,
    }),
    h(Contents, { sections }),
    h(
      "main",
      null,
      h(VerdictBanner, { verdict: describeRunVerdict(data) }),
      h(Tiles, { tiles: listTiles(data) }),
      sections.map((section) => h(SectionView, { key: section.id, ...section })),
    ),
  );
}

/** What a tab is called: scenario, run, verdict, kernel and time tell it from its neighbours. */
export function titleOf(data: ReportData): string {
  const { run } = data;
  const { tone } = describeRunVerdict(data);
  const mark = { good: "✓", bad: "✗", doubt: "!", none: "~" }[tone];
  const kernel = run.environment?.facts["kernel.release"];
  return [
    `${mark} ${run.scenario}`,
    run.runId,
    ...(kernel === undefined ? [] : [`Linux ${kernel}`]),
    "churnlab",
  ].join(" · ");
}
