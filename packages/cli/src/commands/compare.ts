import { ChurnError } from "@churnlab/core";
import {
  compareRun,
  formatComparison,
  formatComparisonCsv,
  formatComparisonJson,
  formatMarkdown,
  isDecided,
  type RunComparison,
} from "@churnlab/report";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { fitScreen } from "../fit-screen.ts";
import { openRun } from "../open-run.ts";
import { terminal } from "../terminal.ts";
import { terminalStyle } from "../terminal-style.ts";

/** What a comparison can be printed as. */
const COMPARISON_FORMATS = ["text", "markdown", "csv", "json"] as const;

interface CompareOptions {
  readonly db: string;
  readonly baseline?: string;
  /** `role.metric`, each. */
  readonly metric?: readonly string[];
  /** Facts, or the first segments of their names. */
  readonly allowDiff?: readonly string[];
  readonly format: (typeof COMPARISON_FORMATS)[number];
  readonly json?: boolean;
  readonly all?: boolean;
  readonly strict?: boolean;
}

/** One run: its variants against their baseline. Two runs: the second against the first, variant by variant. */
export function compare(
  reference: string,
  other: string | undefined,
  options: CompareOptions,
): ExitCode {
  using first = openRun(reference, options.db);
  using second = other === undefined ? null : openRun(other, options.db);
  if (second !== null && options.baseline !== undefined) {
    throw new ChurnError("E_USAGE", "--baseline names a variant within one run", {
      hint: "Two runs are compared variant by variant: leave it out.",
    });
  }
  const { store, runId } = second ?? first;
  const comparison = compareRun(store, runId, {
    ...(options.baseline === undefined ? {} : { baseline: options.baseline }),
    ...(options.metric === undefined ? {} : { metrics: options.metric }),
    ...(options.allowDiff === undefined ? {} : { allowDifferences: options.allowDiff }),
    ...(second === null ? {} : { against: first.store.loadRun(first.runId) }),
  });
  terminal.print(format(comparison, options));
  return options.strict && !isDecided(comparison) ? EXIT.notComparable : EXIT.ok;
}

function format(comparison: RunComparison, options: CompareOptions): string {
  switch (options.json ? "json" : options.format) {
    case "text":
      return fitScreen(
        formatComparison(comparison, { style: terminalStyle, all: options.all ?? false }),
      );
    case "markdown":
      return formatMarkdown(comparison);
    case "csv":
      return formatComparisonCsv(comparison);
    case "json":
      return formatComparisonJson(comparison);
  }
}
