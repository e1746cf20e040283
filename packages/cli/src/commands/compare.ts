import { compareRun, formatComparison, formatComparisonJson } from "@churnlab/report";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { openRun } from "../open-run.ts";
import { terminal } from "../terminal.ts";
import { terminalStyle } from "../terminal-style.ts";

interface CompareOptions {
  readonly db: string;
  readonly baseline?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

/** One run: its variants against their baseline. Two runs: the second against the first, variant by variant. */
export function compare(
  reference: string,
  other: string | undefined,
  options: CompareOptions,
): ExitCode {
  using first = openRun(reference, options.db);
  using second = other === undefined ? null : openRun(other, options.db);
  const { store, runId } = second ?? first;
  const comparison = compareRun(store, runId, {
    ...(options.baseline === undefined ? {} : { baseline: options.baseline }),
    ...(second === null ? {} : { against: first.store.loadRun(first.runId) }),
  });
  terminal.print(
    options.json
      ? formatComparisonJson(comparison)
      : formatComparison(comparison, { style: terminalStyle, all: options.all ?? false }),
  );
  return EXIT.ok;
}
