import type { Scenario, Trial, TrialOutcome } from "@churnlab/core";
import { openStore } from "@churnlab/store";
import { describe, expect, it } from "vitest";
import { renderReport } from "../../src/html/render-report.ts";
import { loadReportData } from "../../src/html/report-data.ts";
import { type MakeRunOptions, makeRun, TemporaryDirectory } from "../fixtures/make-run.ts";
import { TW_REUSE, TWO_SECONDS } from "../fixtures/scenarios.ts";

const BYTES_MAX = 5_000_000;

/** The report of a run, with the spaces that keep numbers and units together made plain. */
function render(scenario: string, options: MakeRunOptions = {}): string {
  using place = new TemporaryDirectory();
  using store = openStore(place.file("runs.db"), { mode: "write" });
  const data = loadReportData(store, makeRun(store, scenario, options));
  return renderReport(data, { script: "void 0", style: "body{}" }).replaceAll("\u00a0", " ");
}

/** What a reader sees of a part of it. */
function textOf(html: string, id: string): string {
  const part = new RegExp(`<section id="${id}".*?</section>`, "s").exec(html)?.[0] ?? "";
  return part.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
}

describe("a report of a run that is not as it should be", () => {
  it("of trials that were aborted, failed or invalid says of each what happened to it", () => {
    const outcomeOf = ({ id }: Trial, { record }: TrialOutcome): TrialOutcome =>
      id % 3 === 0
        ? { state: "aborted", record, phase: "measure" }
        : id % 3 === 1
          ? { state: "invalid", record, reason: "counts do not add up" }
          : { state: "failed", record, phase: "prepare", code: "E_TARGET", message: "no listener" };
    const html = render(TW_REUSE, { outcomeOf });
    const trials = textOf(html, "trials");
    for (const words of [
      "aborted",
      "ended in measure",
      "counts do not add up",
      "E_TARGET: no listener",
    ])
      expect(trials).toContain(words);
    expect(html).toContain("No trial completed");
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("of a run in which a role was not seen has the charts of the others, and no empty ones", () => {
    const outcomeOf = (_: Trial, { record }: TrialOutcome): TrialOutcome => ({
      state: "completed",
      record: {
        ...record,
        samples: record.samples.filter(({ role }) => role !== "target"),
        measurements: record.measurements.filter(({ role }) => role !== "target"),
      },
    });
    const html = render(TWO_SECONDS, { outcomeOf });
    expect(html).toContain('id="chart-ports-client"');
    expect(html).not.toContain('id="chart-queues"');
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("of trials without a sample, a histogram or a measurement still says what was asked", () => {
    const outcomeOf = (_: Trial, { record }: TrialOutcome): TrialOutcome => ({
      state: "completed",
      record: {
        ...record,
        samples: [],
        histograms: [],
        events: [],
        failures: [],
        measurements: [],
      },
    });
    const html = render(TW_REUSE, { outcomeOf });
    expect(textOf(html, "sysctls")).toContain("net.ipv4.tcp_tw_reuse");
    expect(html).not.toContain('id="over-time"');
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("of 100 000 events marks the first, says how many there were, and stays small", () => {
    const EVENTS = 100_000;
    const outcomeOf = (_: Trial, { record }: TrialOutcome): TrialOutcome => {
      const event = (i: number) =>
        ({ role: "client", tMs: i / 50, kind: "rst", detail: { from: "198.18.0.1" } }) as const;
      return {
        state: "completed",
        record: { ...record, events: Array.from({ length: EVENTS }, (_unused, i) => event(i)) },
      };
    };
    const html = render(TWO_SECONDS, { outcomeOf });
    expect(html).toContain("(the first of 100 000)");
    expect(html.length).toBeLessThan(BYTES_MAX);
  });

  it("of more samples than a screen has points says how they were binned", () => {
    const outcomeOf = (_: Trial, { record }: TrialOutcome): TrialOutcome => {
      const samples = Array.from({ length: 50_000 }, (_unused, i) => {
        return { role: "client", metric: "time_wait", tMs: i / 25, value: i % 100 } as const;
      });
      return { state: "completed", record: { ...record, samples } };
    };
    expect(textOf(render(TWO_SECONDS, { outcomeOf }), "over-time")).toContain(
      "50 000 samples in all; 1 series are drawn as at most 4 000 bins of mean, lowest and highest",
    );
  });

  it("of names of every length keeps them whole in its tables", () => {
    const name = "v".repeat(200);
    const edit = (scenario: Scenario): Scenario => ({
      ...scenario,
      variants: scenario.variants.map((variant, i) => ({ ...variant, name: `${name}${i}` })),
    });
    expect(textOf(render(TW_REUSE, { edit }), "trials")).toContain(`${name}1`);
  });
});
