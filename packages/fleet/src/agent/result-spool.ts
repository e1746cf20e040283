import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { ChurnError, type ShardReport } from "@churnlab/core";
import type { ResultPiece } from "../messages/result-piece.ts";
import type { TrialKey } from "../messages/trial-messages.ts";
import { splitReport } from "../report-codec.ts";
import { writeDurably } from "./write-durably.ts";

/** Whose results, of which attempt. */
export interface SpoolOrigin {
  readonly run: string;
  readonly agent: string;
  readonly key: TrialKey;
}

/** Results on this host's disk: written before they are sent, removed when the controller has stored them. */
export class ResultSpool {
  readonly #directory: string;

  /** Makes the directory. Throws `E_DISK`. */
  constructor(directory: string) {
    this.#directory = directory;
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw spoolFailure(directory, error);
    }
  }

  /** Whether anything can be written at all; asked before there is a load whose results would have nowhere to go. */
  probe(): void {
    const file = path.join(this.#directory, ".probe");
    this.#write(file, "x".repeat(PROBE_BYTES));
    rmSync(file, { force: true });
  }

  /** Writes a report as pieces, and forces them to the disk. Throws `E_DISK`. */
  append(origin: SpoolOrigin, report: ShardReport): readonly ResultPiece[] {
    const { parts, totals } = splitReport(report);
    const pieces: ResultPiece[] = [
      ...parts.map((text, seq) => ({ ...origin, kind: "part" as const, seq, text })),
      { ...origin, kind: "final", seq: parts.length, totals },
    ];
    this.#write(
      this.#fileOf(origin),
      `${pieces.map((piece) => JSON.stringify(piece)).join("\n")}\n`,
    );
    return pieces;
  }

  read(origin: SpoolOrigin): readonly ResultPiece[] {
    const lines = readFileSync(this.#fileOf(origin), "utf8").trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line) as ResultPiece);
  }

  remove(origin: SpoolOrigin): void {
    rmSync(this.#fileOf(origin), { force: true });
  }

  #fileOf({ run, agent, key }: SpoolOrigin): string {
    return path.join(this.#directory, `${agent}-${run}-${key.trial}-${key.attempt}.ndjson`);
  }

  #write(file: string, text: string): void {
    try {
      writeDurably(file, text);
    } catch (error) {
      rmSync(file, { force: true });
      throw spoolFailure(this.#directory, error);
    }
  }
}

/** What a report takes, about. */
const PROBE_BYTES = 256 * 1024;

function spoolFailure(directory: string, cause: unknown): ChurnError {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new ChurnError("E_DISK", `Results cannot be written to ${directory} (${code})`, {
    hint: "Free some space there, or name another directory with --spool.",
    cause,
  });
}
