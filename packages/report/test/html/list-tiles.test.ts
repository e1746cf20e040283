import type { Trial, TrialOutcome } from "@churnlab/core";
import { openStore } from "@churnlab/store";
import { describe, expect, it } from "vitest";
import { listTiles } from "../../src/html/list-tiles.ts";
import type { Tile } from "../../src/html/parts/tiles.ts";
import { loadReportData, type ReportData } from "../../src/html/report-data.ts";
import { failuresSection } from "../../src/html/sections/failures.ts";
import { limitsSection } from "../../src/html/sections/limits.ts";
import { type MakeRunOptions, makeRun, TemporaryDirectory } from "../fixtures/make-run.ts";
import { TW_REUSE, TWO_SECONDS } from "../fixtures/scenarios.ts";

function dataOf(scenario: string, options: MakeRunOptions = {}): ReportData {
  using place = new TemporaryDirectory();
  using store = openStore(place.file("runs.db"), { mode: "write" });
  return loadReportData(store, makeRun(store, scenario, options));
}

function tileOf(data: ReportData, label: string): Tile | undefined {
  return listTiles(data).find((tile) => tile.label === label);
}

/** What trials that fail before any load leave. */
const notBegun = (_: Trial, { record }: TrialOutcome): TrialOutcome => ({
  state: "failed",
  record: { ...record, failures: [], measurements: [], events: [], warnings: [] },
  phase: "prepare",
  code: "E_TARGET",
  message: "no listener",
});

/** TWO_SECONDS with another way to bind. */
const BOUND = TWO_SECONDS.replace("{ kind: short-lived,", "{ kind: short-lived, bind: port,");

describe("a tile that says that all is well", () => {
  it("says so of trials that were looked at", () => {
    const data = dataOf(TWO_SECONDS);
    expect(tileOf(data, "ports exhausted")).toMatchObject({ value: "never", tone: "good" });
    expect(tileOf(data, "failed connections")).toMatchObject({ value: "0", tone: "good" });
    expect(tileOf(data, "load generator")).toMatchObject({ tone: "good" });
  });

  it("says nothing where no trial offered load", () => {
    const data = dataOf(TWO_SECONDS, { outcomeOf: notBegun });
    for (const label of ["ports exhausted", "failed connections", "load generator"]) {
      expect(tileOf(data, label)).toMatchObject({ value: "–" });
      expect(tileOf(data, label)).not.toHaveProperty("tone");
    }
  });

  it("says nothing of ports that the client chooses itself, which it does not run out of", () => {
    expect(tileOf(dataOf(BOUND), "ports exhausted")).toMatchObject({ value: "–" });
  });

  it("says nothing of ports where connections failed for want of one, and no moment is known", () => {
    const outcomeOf = (_: Trial, { record }: TrialOutcome): TrialOutcome => ({
      state: "completed",
      record: {
        ...record,
        measurements: [
          ...record.measurements,
          { role: "client", metric: "failures.EADDRNOTAVAIL", value: 2 },
        ],
      },
    });
    expect(tileOf(dataOf(TWO_SECONDS, { outcomeOf }), "ports exhausted")).toMatchObject({
      value: "–",
    });
  });

  it("names the variants that it speaks of where others were not looked at", () => {
    const calm = TW_REUSE.replace("400/s", "100/s");
    const outcomeOf = (trial: Trial, simulated: TrialOutcome): TrialOutcome =>
      trial.variant === "baseline" ? notBegun(trial, simulated) : simulated;
    const data = dataOf(calm, { outcomeOf });
    expect(tileOf(data, "ports exhausted")).toEqual({
      label: "ports exhausted",
      value: "never",
      note: "in 1 of 2 variants, not known of the rest",
    });
    expect(tileOf(data, "failed connections")).toEqual({
      label: "failed connections",
      value: "0",
      note: "in 6 of 12 trials",
    });
  });

  it("has the generator in doubt where it had no descriptor left", () => {
    const outcomeOf = (_: Trial, { record }: TrialOutcome): TrialOutcome => ({
      state: "invalid",
      record: { ...record, warnings: [{ code: "W_NO_DESCRIPTORS", message: "EMFILE" }] },
      reason: "EMFILE",
    });
    expect(tileOf(dataOf(TWO_SECONDS, { outcomeOf }), "load generator")).toMatchObject({
      value: "in doubt",
      tone: "doubt",
    });
  });
});

describe("what a report says that it did not see", () => {
  const bodyOf = (data: ReportData): string => JSON.stringify(failuresSection(data)?.body);

  it("is no reset, of the kernels that were seen", () => {
    expect(bodyOf(dataOf(TWO_SECONDS))).toContain("No connection failed. No reset was sent.");
    const outcomeOf = (_: Trial, { record }: TrialOutcome): TrialOutcome => ({
      state: "completed",
      record: {
        ...record,
        measurements: record.measurements.filter(({ role }) => role !== "target"),
      },
    });
    expect(bodyOf(dataOf(TWO_SECONDS, { outcomeOf }))).toContain(
      "No reset was sent by the client. Those of the target were not seen.",
    );
  });

  it("is no limit, of variants that completed a trial", () => {
    const limit = { role: "client", tMs: 1, kind: "limit.ports", detail: {} } as const;
    const outcomeOf = (trial: Trial, simulated: TrialOutcome): TrialOutcome =>
      trial.variant === "baseline"
        ? { state: "completed", record: { ...simulated.record, events: [limit] } }
        : notBegun(trial, simulated);
    const lead = limitsSection(dataOf(TW_REUSE, { outcomeOf }))?.lead ?? "";
    expect(lead).toContain("Not completed, so not known: tw_reuse=1.");
    expect(lead).not.toContain("met no bound");
  });
});
