import { closeSync, openSync, writeSync } from "node:fs";
import type { GateResult } from "@churnlab/core";
import {
  formatNdjsonEnd,
  formatNdjsonRun,
  formatNdjsonTrial,
  type RunComparison,
} from "@churnlab/report";
import type { StoreReader } from "@churnlab/store";
import { cannotWrite } from "./cannot-write.ts";
import type { Reporter } from "./reporter.ts";
import { loadTrialParts } from "./write-report.ts";

/** Writes runs as NDJSON while they go on. */
export interface RunFollower extends Disposable {
  begin(runId: string): void;
  /** A trial that was just saved. */
  addTrial(runId: string, trialId: number): void;
  end(comparison: RunComparison, gates: readonly GateResult[]): void;
}

/**
 * Opens every NDJSON reporter before the first trial. A trial is in the file when it has ended, so whatever ends the
 * process, SIGKILL included, the trials before it can be read. Throws `E_OUTPUT`.
 */
export function followRuns(store: StoreReader, reporters: readonly Reporter[]): RunFollower {
  const sinks = reporters
    .filter(({ format }) => format === "ndjson")
    .map(({ file }) => (file === null ? STDOUT : openSink(file)));
  const write = (lines: Iterable<string>): void => {
    if (sinks.length === 0) return;
    const text = [...lines].join("");
    for (const sink of sinks) sink.write(text);
  };
  return {
    begin(runId) {
      if (sinks.length > 0) write(formatNdjsonRun(store.loadRun(runId)));
    },
    addTrial(runId, trialId) {
      if (sinks.length === 0) return;
      const trial = store.loadTrial(runId, trialId);
      write(formatNdjsonTrial(runId, trial, loadTrialParts(store, runId, trialId)));
    },
    end: (comparison, gates) => write(formatNdjsonEnd(comparison, gates)),
    [Symbol.dispose]() {
      for (const sink of sinks) sink.close();
    },
  };
}

interface Sink {
  write(text: string): void;
  close(): void;
}

/** A reader that has seen enough ends the process as it ends every other one that prints. */
const STDOUT: Sink = {
  write: (text) => void process.stdout.write(text),
  close() {},
};

/** Written at once and not by the event loop, which a killed process never comes back to. */
function openSink(file: string): Sink {
  const failing = <T>(action: () => T): T => {
    try {
      return action();
    } catch (cause) {
      throw cannotWrite(file, cause);
    }
  };
  const descriptor = failing(() => openSync(file, "w"));
  return {
    write(text) {
      const bytes = Buffer.from(text);
      let written = 0;
      while (written < bytes.length) {
        written += failing(() => writeSync(descriptor, bytes, written));
      }
    },
    close: () => closeSync(descriptor),
  };
}
