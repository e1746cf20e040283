import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { ChurnError } from "@churnlab/core";
import { type KeepUndo, restoreSysctls, type SideNetwork } from "@churnlab/testbed";
import { z } from "zod";
import { writeDurably } from "./write-durably.ts";

const undoSchema = z.record(z.string(), z.string());

/**
 * What sysctls were, on disk before any is changed: an agent that is killed in a namespace which outlives it finds there what
 * to write back when it is started again.
 */
export class UndoJournal {
  readonly #file: string;

  /** One file per agent in this directory, which is made with the first of them. */
  constructor(directory: string, agent: string) {
    this.#file = path.join(directory, `undo-${agent}.json`);
  }

  /** Writes back what an earlier process of this agent left changed, and returns the names. */
  recover({ kind, namespace }: SideNetwork): readonly string[] {
    if (kind !== "given") return [];
    const was = this.#read();
    if (was === null) return [];
    restoreSysctls(namespace, was);
    rmSync(this.#file, { force: true });
    return Object.keys(was);
  }

  /** Throws `E_DISK` where it cannot be written: then nothing is changed either. */
  readonly keep: KeepUndo = (was) => {
    try {
      mkdirSync(path.dirname(this.#file), { recursive: true, mode: 0o700 });
      writeDurably(this.#file, JSON.stringify(was));
    } catch (cause) {
      throw new ChurnError("E_DISK", `What sysctls were cannot be kept in ${this.#file}`, {
        cause,
      });
    }
    return () => rmSync(this.#file, { force: true });
  };

  #read(): Readonly<Record<string, string>> | null {
    let text: string;
    try {
      text = readFileSync(this.#file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
    return undoSchema.parse(JSON.parse(text));
  }
}
