import { openStore } from "@churnlab/store";
import { expect, test } from "vitest";
import { formatRunList, formatRunSummary } from "../../src/index.ts";
import { type MakeRunOptions, makeRun, TemporaryDirectory } from "../fixtures/make-run.ts";
import { TW_REUSE } from "../fixtures/scenarios.ts";

const SHORT = TW_REUSE.replace("measure: 8s", "measure: 4s")
  .replace("30000 32047", "30000 31023")
  .replace("replicates: 6", "replicates: 2");

function summarise(options: MakeRunOptions = {}): string {
  using directory = new TemporaryDirectory();
  using store = openStore(directory.file("runs.db"), { mode: "write" });
  return formatRunSummary(store.loadRun(makeRun(store, SHORT, options)));
}

test("a run's summary says where it was, what was set, what was measured and what failed", () => {
  const text = summarise();
  expect(text).toMatch(
    /^run [0-9A-Z]{10} {2}tw-reuse {2}2026-11-22 12:03 UTC {2}Linux 6\.18\.44 {2}2 CPUs {2}netns/,
  );
  expect(text).toMatch(/client {2}net\.ipv4\.tcp_tw_reuse +2 +1 +✓ 1/);
  expect(text).toMatch(/client\.connections\.succeeded ↑ +1 024 ×2 +1 600 ×2/);
  expect(text).toMatch(/^baseline +✓ 1 024 \(1 024\) .* ✓ 2\.56 s \(2\.56 s\)$/m);
  expect(text).toMatch(/^failures, all trials +step +errno +count +first +last$/m);
  expect(text).toMatch(/baseline +connect +EADDRNOTAVAIL +1 152 +2\.56 s +4\.00 s/);
});

test("trials that do not count and doubts stand before the numbers", () => {
  const warnings = [{ code: "W_SAMPLES_MISSED", message: "1 of 20 samples missed" }] as const;
  const text = summarise({
    outcomeOf: (trial, { record }) => {
      if (trial.id === 1) {
        return {
          state: "failed",
          record,
          phase: "prepare",
          code: "E_TARGET",
          message: "port in use",
        };
      }
      if (trial.id === 2) return { state: "invalid", record, reason: "the generator was late" };
      return { state: "completed", record: { ...record, warnings } };
    },
  });
  expect(text).toMatch(
    /✗ trial 1 \(.*, replicate 1\) failed in prepare \(E_TARGET\): port in use — not compared/,
  );
  expect(text).toMatch(/! trial 2 \(.*\) invalid: the generator was late — not compared/);
  expect(text).toMatch(
    /! W_SAMPLES_MISSED in 2 trials, first in trial 3 \(.*\): 1 of 20 samples missed/,
  );
  expect(text).toContain("2 of 4 trials, 1 invalid, 1 failed");
  expect(text.indexOf("not compared")).toBeLessThan(text.indexOf("client.connections"));
});

test("a sysctl that reads back otherwise is marked", () => {
  const text = summarise({
    outcomeOf: (_, { record }) => {
      const sysctls = record.sysctls.map((sysctl) => ({ ...sysctl, effective: "7" }));
      return { state: "completed", record: { ...record, sysctls } };
    },
  });
  expect(text).toMatch(/net\.ipv4\.tcp_tw_reuse +2 +1 +✗ 7/);
});

test("a list of runs has the newest first and tells what became of each", () => {
  using directory = new TemporaryDirectory();
  using store = openStore(directory.file("runs.db"), { mode: "write" });
  const startedAtUnixMs = Date.UTC(2026, 10, 21, 8, 0);
  const older = makeRun(store, SHORT, { startedAtUnixMs, tags: {} });
  const newer = makeRun(store, SHORT, { runningAfter: 1 });
  const [head, ...lines] = formatRunList(store.listRuns()).split("\n");
  expect(head).toMatch(/^run +started +scenario +variants +trials +state +tags$/);
  expect(lines[0]).toMatch(
    new RegExp(`^${newer} .* 1 of 4 +● running +branch=main commit=4f1c2a9d0b`),
  );
  expect(lines[1]).toMatch(
    new RegExp(`^${older}  2026-11-21 08:00 UTC  tw-reuse +2  4 +✓ completed`),
  );
  expect(formatRunList([])).toContain("no run yet");
});
