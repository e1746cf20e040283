import { readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { ChurnError } from "@churnlab/core";
import {
  type NetworkNamespace,
  openNetworkNamespace,
  readBootId,
  readNamespaceCookie,
} from "@churnlab/linux";
import { type KeepUndo, restoreSysctls } from "@churnlab/testbed";
import { z } from "zod";
import type { OpenedNetwork } from "./open-side-network.ts";
import { writeDurably } from "./write-durably.ts";

/** What sysctls were, and of which namespace: by a path that led there, and by what tells it from all others of this boot. */
const undoSchema = z.strictObject({
  boot: z.string(),
  path: z.string(),
  namespace: z.string(),
  was: z.record(z.string(), z.string()),
});
type Undo = z.infer<typeof undoSchema>;

export interface UndoJournalOptions {
  /** Of this user alone. */
  readonly directory: string;
  readonly agent: string;
  readonly network: Pick<OpenedNetwork, "path"> & {
    readonly side: { readonly namespace: NetworkNamespace };
  };
  /** One line for people. */
  readonly log: (line: string) => void;
  /** The kernel's, other for each boot; that of this one when absent. */
  readonly boot?: string;
}

/**
 * What sysctls were, on disk before any is changed: an agent that is killed in a namespace which outlives it finds there what
 * to write back when it is started again. What was of another boot went with it; what is of a namespace that is not found any
 * more is told of, and kept.
 */
export class UndoJournal {
  readonly #file: string;
  readonly #options: UndoJournalOptions;
  readonly #boot: string;

  /** One file per agent. */
  constructor(options: UndoJournalOptions) {
    this.#options = options;
    this.#file = path.join(options.directory, `undo-${options.agent}.json`);
    this.#boot = options.boot ?? readBootId();
  }

  /** Writes back what an earlier process of this agent left changed, wherever its sides live now, and returns the names. */
  recover(): readonly string[] {
    const text = this.#read();
    if (text === null) return [];
    const undo = parseUndo(text);
    if (undo === null) return this.#setAside("what it holds is not understood");
    if (undo.boot !== this.#boot) {
      this.#options.log("sysctls that an earlier process left changed went with their boot");
      rmSync(this.#file, { force: true });
      return [];
    }
    using namespace = this.#find(undo);
    if (namespace === null) {
      return this.#setAside(
        `${Object.keys(undo.was).join(", ")} of the network namespace ${undo.namespace} (${undo.path}), which is not there now`,
      );
    }
    restoreSysctls(namespace, undo.was);
    rmSync(this.#file, { force: true });
    return Object.keys(undo.was);
  }

  /** Throws `E_DISK` where it cannot be written: then nothing is changed either. */
  readonly keep: KeepUndo = (was) => {
    const { path: where, side } = this.#options.network;
    try {
      const namespace = identify(side.namespace);
      const undo: Undo = { boot: this.#boot, path: where, namespace, was };
      writeDurably(this.#file, JSON.stringify(undo));
    } catch (cause) {
      throw new ChurnError("E_DISK", `What sysctls were cannot be kept in ${this.#file}`, {
        cause,
      });
    }
    return () => rmSync(this.#file, { force: true });
  };

  #read(): string | null {
    try {
      return readFileSync(this.#file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }

  /** The namespace that is meant: the agent's network leads there, or the path that did then. */
  #find({ path: where, namespace }: Undo): NetworkNamespace | null {
    for (const each of [this.#options.network.path, where]) {
      const found = openIfThere(each);
      if (found === null) continue;
      if (identify(found) === namespace) return found;
      found.close();
    }
    return null;
  }

  /** The next trial would overwrite it. */
  #setAside(what: string): readonly [] {
    const kept = `${this.#file}.${Date.now()}.lost`;
    renameSync(this.#file, kept);
    this.#options.log(
      `NOT RESTORED, look at it by hand: ${what}; an earlier process left it so, what was before is in ${kept}`,
    );
    return [];
  }
}

/** A cookie is never given twice in a boot; an inode is, when its namespace is gone. */
function identify(namespace: NetworkNamespace): string {
  return String(readNamespaceCookie(namespace) ?? `inode ${namespace.inode}`);
}

function openIfThere(where: string): NetworkNamespace | null {
  try {
    return openNetworkNamespace(where);
  } catch (error) {
    if (error instanceof ChurnError) return null;
    throw error;
  }
}

function parseUndo(text: string): Undo | null {
  try {
    return undoSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
