import type { Gate, GateResult } from "@churnlab/core";
import { openStore, type StoredRun, type StoredTrial } from "@churnlab/store";
import { describe, expect, test } from "vitest";
import {
  compareRun,
  formatAnnotations,
  formatGates,
  formatJunit,
  formatMarkdown,
  formatRunCsv,
  type RunComparison,
} from "../../src/index.ts";
import { type MakeRunOptions, makeRun, TemporaryDirectory } from "../fixtures/make-run.ts";
import { TWO_SECONDS } from "../fixtures/scenarios.ts";

const TWO_VARIANTS = `${TWO_SECONDS}
variants: [ { name: baseline }, { name: "a|b <c>" } ]
`;

function compareMade(options: MakeRunOptions = {}): RunComparison {
  using directory = new TemporaryDirectory();
  using store = openStore(directory.file("runs.db"), { mode: "write" });
  return compareRun(store, makeRun(store, TWO_VARIANTS, options));
}

const gate: Gate = {
  metric: "client.failures.EADDRNOTAVAIL",
  variant: null,
  bound: { kind: "max", value: 0 },
};

/** One gate result of each outcome. */
const results: readonly GateResult[] = (["pass", "fail", "inconclusive", "invalid"] as const).map(
  (outcome) => ({
    gate,
    variant: "baseline",
    outcome,
    reason: `reason for\n${outcome}: 100 %`,
    evidence: { kind: "none", cause: "not-measured" },
  }),
);

const failedTrial: MakeRunOptions = {
  outcomeOf: (trial, { record }) =>
    trial.variant === "baseline"
      ? { state: "completed", record }
      : { state: "failed", record, phase: "prepare", code: "E_TARGET", message: "gone & <lost>" },
};

/** The run as if its first trial had been interrupted once and repeated. */
function repeatFirst(run: StoredRun): StoredRun {
  const [first, ...others] = run.trialList as [StoredTrial, ...StoredTrial[]];
  return {
    ...run,
    trialList: [{ ...first, attempt: 2 }, ...others],
    earlierAttempts: [{ ...first, attempt: 1, state: "aborted", measurements: [] }],
  };
}

describe("a trial that was repeated", () => {
  const repeated = repeatFirst(
    compareMade({
      outcomeOf: (trial, { record }) =>
        trial.id === 1
          ? { state: "failed", record, phase: "prepare", code: "E_TARGET", message: "gone" }
          : { state: "completed", record },
    }).run,
  );

  test("has its attempt in every row of the CSV", () => {
    const [head, ...rows] = formatRunCsv(repeated).trimEnd().split("\n");
    const place = head?.split(",").indexOf("attempt") ?? -1;
    const attempts = rows.map((row) => {
      const cells = row.split(",");
      return `${cells[1]}: ${cells[place]}`;
    });
    expect(new Set(attempts)).toEqual(
      new Set(repeated.trialList.map(({ trialId }) => `${trialId}: ${trialId === 1 ? 2 : 1}`)),
    );
  });

  test("is a property of its suite in JUnit, and the only one", () => {
    const properties = formatJunit(repeated, results).match(/<property name="trial [^>]*>/g);
    expect(properties).toEqual(['<property name="trial 1" value="attempt 2 of 3"/>']);
  });

  test("says its attempt in the annotation", () => {
    expect(formatAnnotations(repeated, [])).toMatch(/trial 1 \(.*\), attempt 2 of 3: gone/);
  });
});

describe("JUnit", () => {
  const { run } = compareMade(failedTrial);
  const xml = formatJunit(run, results);

  test("has one suite per variant and one case per gate and prediction, and counts them by outcome", () => {
    expect(xml).toContain('<testsuites tests="17" failures="1" errors="2" skipped="7">');
    expect(xml).toMatch(
      /<testsuite name="two-seconds \/ baseline"[^>]* tests="10" failures="1" errors="1" skipped="1">/,
    );
    expect(xml).toMatch(
      /<testsuite name="two-seconds \/ a\|b &lt;c>" [^>]*tests="7" failures="0" errors="1" skipped="6">/,
    );
  });

  test("has a trial that failed as an error, escaped", () => {
    expect(xml).toMatch(/<error message="gone &amp; &lt;lost>" type="E_TARGET"\/>/);
  });
});

describe("annotations", () => {
  test("are errors for gates that failed or could not be judged, warnings for doubts, and nothing for what passes", () => {
    const { run } = compareMade(failedTrial);
    const lines = formatAnnotations(run, results, { file: "a,b:c.yaml" }).trimEnd().split("\n");
    expect(lines).toEqual([
      "::error title=two-seconds / baseline%3A gate fail,file=a%2Cb%3Ac.yaml::client.failures.EADDRNOTAVAIL ≤ 0: reason for%0Afail: 100 %25",
      "::warning title=two-seconds / baseline%3A gate inconclusive,file=a%2Cb%3Ac.yaml::client.failures.EADDRNOTAVAIL ≤ 0: reason for%0Ainconclusive: 100 %25",
      "::error title=two-seconds / baseline%3A gate invalid,file=a%2Cb%3Ac.yaml::client.failures.EADDRNOTAVAIL ≤ 0: reason for%0Ainvalid: 100 %25",
      "::warning title=two-seconds%3A trial failed,file=a%2Cb%3Ac.yaml::trial 2 (a|b <c>, replicate 1): gone & <lost>",
    ]);
  });

  test("are absent when there is nothing to say", () => {
    expect(formatAnnotations(compareMade().run, results.slice(0, 1))).toBe("");
  });
});

describe("Markdown", () => {
  test("keeps a variant's name from becoming markup", () => {
    const text = formatMarkdown(compareMade(), results);
    expect(text).toMatch(/^\| median \(range\) \| baseline \| a\\\|b &lt;c> \|/m);
    expect(text).toContain("**1 of 4 gates failed, 1 inconclusive, 1 invalid**");
    expect(text).toContain("<details><summary>every metric of a\\|b &lt;c></summary>");
    const rows = text.split("\n").filter((line) => line.startsWith("| `client."));
    const widths = rows.map((row) => row.replaceAll("\\|", "").split("|").length);
    expect(new Set(widths)).toEqual(new Set([5, 9]));
  });

  test("is cut at a line where a step summary would refuse it, and says so", () => {
    const many = Array.from({ length: 3000 }, (_, i) => {
      return { role: "client", metric: `tcpext.${"Counter".repeat(50)}${i}`, value: i } as const;
    });
    const comparison = compareMade({
      outcomeOf: (_, { record }) => {
        return { state: "completed", record: { ...record, measurements: many } };
      },
    });
    const text = formatMarkdown(comparison);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1_000_000);
    expect(Buffer.byteLength(text)).toBeGreaterThan(990_000);
    expect(text.split("<details>")).toHaveLength(text.split("</details>").length);
    expect(text).toMatch(/\*cut: more than a step summary holds/);
  });
});

test("gates for people have a sum, and a mark and a word each", () => {
  const lines = formatGates(results).split("\n");
  expect(lines.map((line) => line.trim().split(/\s+/).slice(0, 2).join(" "))).toEqual([
    "gates: 1",
    "✓ pass",
    "✗ fail",
    "~ inconclusive",
    "! invalid",
  ]);
  expect(formatGates([])).toBe("");
});
