import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { ChurnError, type ShardReport } from "@churnlab/core";
import { decodeMessage } from "../message-codec.ts";
import { type ResultPiece, resultPieceSchema } from "../messages/result-piece.ts";
import type { TrialKey } from "../messages/trial-messages.ts";
import { splitReport } from "../report-codec.ts";
import { claimDirectory } from "./claim-directory.ts";
import { writeDurably } from "./write-durably.ts";

/** Whose results, of which attempt. */
export interface SpoolOrigin {
  readonly run: string;
  readonly agent: string;
  readonly key: TrialKey;
}

/** As long as the server's stream keeps what was published. */
const KEPT_MS_MAX = 7 * 24 * 3600 * 1000;
const KEPT_BYTES_MAX = 256 * 1024 * 1024;

/** Results on this host's disk: written before they are sent, removed when the controller has stored them. */
export class ResultSpool {
  readonly #directory: string;

  /** Makes the directory. Throws `E_DISK`, also where others can write to it. */
  constructor(directory: string) {
    this.#directory = directory;
    claimDirectory(directory);
  }

  /** Whether anything can be written at all; asked before there is a load whose results would have nowhere to go. */
  probe(agent: string): void {
    const file = path.join(this.#directory, probeName(agent, randomUUID()));
    this.#write(file, "x".repeat(PROBE_BYTES));
    rmSync(file, { force: true });
  }

  /** Writes the pieces of an attempt, and forces them to the disk. Throws `E_DISK`. */
  append(origin: SpoolOrigin, pieces: readonly ResultPiece[]): void {
    const lines = pieces.map((piece) => `${JSON.stringify(piece)}\n`);
    this.#write(this.fileOf(origin), lines.join(""));
  }

  /** Throws where the file is not what was written. */
  read(origin: SpoolOrigin): readonly ResultPiece[] {
    const lines = readFileSync(this.fileOf(origin), "utf8").trimEnd().split("\n");
    return lines.map((line) => decodeMessage(line, resultPieceSchema));
  }

  has(origin: SpoolOrigin): boolean {
    return existsSync(this.fileOf(origin));
  }

  remove(origin: SpoolOrigin): void {
    rmSync(this.fileOf(origin), { force: true });
  }

  /** What an agent has here, the oldest first. */
  list(agent: string): readonly SpoolOrigin[] {
    return this.#listFiles(agent).map(({ origin }) => origin);
  }

  /** Removes what nobody has asked for in so long, or is more than may be kept, and returns it. */
  sweep(agent: string, nowUnixMs: number): readonly SpoolOrigin[] {
    let bytes = 0;
    const swept = this.#listFiles(agent)
      .toReversed()
      .filter((file) => {
        bytes += file.bytes;
        return bytes > KEPT_BYTES_MAX || nowUnixMs - file.atUnixMs > KEPT_MS_MAX;
      })
      .map(({ origin }) => origin);
    for (const origin of swept) this.remove(origin);
    return swept;
  }

  /** Names hold no dot. */
  fileOf({ run, agent, key }: SpoolOrigin): string {
    return path.join(this.#directory, `${agent}.${run}.${key.trial}.${key.attempt}.ndjson`);
  }

  #listFiles(agent: string): readonly SpoolFile[] {
    return readdirSync(this.#directory)
      .flatMap((name): SpoolFile[] => {
        const [, whose, run, trial, attempt] = FILE_NAME.exec(name) ?? [];
        if (whose !== agent || run === undefined) return [];
        const key = { trial: Number(trial), attempt: Number(attempt) };
        const { mtimeMs, size } = statSync(path.join(this.#directory, name));
        return [{ origin: { run, agent, key }, atUnixMs: mtimeMs, bytes: size }];
      })
      .toSorted((a, b) => a.atUnixMs - b.atUnixMs);
  }

  #write(file: string, text: string): void {
    try {
      writeDurably(file, text);
    } catch (error) {
      throw spoolFailure(this.#directory, error);
    }
  }
}

/** What an agent writes to see whether it can. */
export function probeName(agent: string, id: string): string {
  return `.probe.${agent}.${id}`; // names hold no dot
}

interface SpoolFile {
  readonly origin: SpoolOrigin;
  readonly atUnixMs: number;
  readonly bytes: number;
}

const FILE_NAME = /^([^.]+)\.([^.]+)\.(\d+)\.(\d+)\.ndjson$/;

/** What a report takes, about. */
const PROBE_BYTES = 256 * 1024;

/** A report as pieces of a message each, the totals last. */
export function piecesOfReport(origin: SpoolOrigin, report: ShardReport): readonly ResultPiece[] {
  const { parts, totals } = splitReport(report);
  return [
    ...parts.map((text, seq) => ({ ...origin, kind: "part" as const, seq, text })),
    { ...origin, kind: "final", seq: parts.length, totals },
  ];
}

/** The one piece that stands for results that there are none of. */
export function piecesOfFailure(origin: SpoolOrigin, error: unknown): readonly ResultPiece[] {
  const code = error instanceof ChurnError ? error.code : "E_AGENT";
  const message = error instanceof Error ? error.message : String(error);
  return [{ ...origin, kind: "failure", seq: 0, code, message }];
}

function spoolFailure(directory: string, cause: unknown): ChurnError {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new ChurnError("E_DISK", `Results cannot be written to ${directory} (${code})`, {
    hint: "Free some space there, or name another directory with --spool.",
    cause,
  });
}
