import { setTimeout as sleep } from "node:timers/promises";
import { ChurnError } from "@churnlab/core";
import type { NatsConnection } from "@nats-io/transport-node";
import { z } from "zod";
import { isHeard } from "../follow-run.ts";
import { decodeMessage, encodeMessage } from "../message-codec.ts";
import { type Fence, NO_FENCE } from "../messages/fence.ts";
import { isConflict, type LockStore } from "./lock-store.ts";

/** Of two runs that begin at one moment. */
const TRIES_MAX = 3;
const PAUSE_MS_MAX = 500;

/** Who has what. */
interface LockValue {
  readonly run: string;
  /** Unique per controller process: a run that is taken up again is another holder. */
  readonly holder: string;
}

/** Not exact: of controllers of other versions, too. */
const lockSchema: z.ZodType<LockValue> = z.object({ run: z.string(), holder: z.string() });

/**
 * The locks of one controller. Whoever is asked under a lock is asked under the fence of that lock alone: its revision, and the
 * store that it is of. A controller that slept while another took a lock of its has the earlier fence there, whatever other locks
 * it takes afterwards.
 */
export class FleetLocks {
  readonly #store: LockStore;
  readonly #nc: NatsConnection;
  readonly #own: LockValue;
  readonly #held = new Map<string, number>();
  /** Held in a store that is gone, and not yet had in the new one: nobody refused them. */
  readonly #lost = new Set<string>();
  /** Of every lock that it ever had. */
  readonly #fences = new Map<string, Fence>();
  readonly #dead = new Set<string>();
  readonly #acquiring = new Map<string, Promise<void>>();
  /** Of the store that the held locks are of; null before the first look. */
  #madeAtMs: number | null = null;
  /** Up to here every revision of the store is known. */
  #seen = 0;
  /** Own revisions above that. */
  readonly #ownAbove = new Set<number>();
  #checking: Promise<void> | null = null;

  constructor(store: LockStore, nc: NatsConnection, own: LockValue) {
    this.#store = store;
    this.#nc = nc;
    this.#own = own;
  }

  /**
   * Whether a lock that was had before is held, after a look; false: another has it, or had it last and is dead. One that nobody
   * has is taken again: rejects where that cannot be done now, for then neither is true.
   */
  async keeps(key: string): Promise<boolean> {
    await this.check();
    if (this.#held.has(key)) return true;
    const holder = (await this.#read(key))?.holder;
    if (holder !== undefined && holder !== this.#own.holder) return false;
    await this.acquire(key);
    return true;
  }

  /** Under which whoever this lock is of is asked; that of nobody before it was had. */
  fenceOf(key: string): Fence {
    return this.#fences.get(key) ?? NO_FENCE;
  }

  /**
   * Looks whether what is held is still held: one question where nothing has changed. Locks that another took meanwhile are no
   * longer held; those of a store that the server lost are taken again in the new one, unless another was quicker. Rejects where
   * the server cannot do that now: the next look tries again.
   */
  async check(): Promise<void> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = null;
    });
    await this.#checking;
  }

  /**
   * Has all of them, or none that it had not before. Two that each have a part of what both want let go and try again, each after
   * a pause of its own. Rejects like `acquire`.
   */
  async acquireAll(keys: readonly string[]): Promise<void> {
    const wanted = keys.filter((key) => !this.#held.has(key));
    for (let tries = 1; ; tries++) {
      const settled = await Promise.allSettled(wanted.map((key) => this.acquire(key)));
      const refused = settled.filter((one) => one.status === "rejected");
      const [first] = refused;
      if (first === undefined) return;
      await Promise.all(wanted.map((key) => this.#giveUp(key)));
      if (refused.length === wanted.length || tries === TRIES_MAX) throw first.reason;
      await sleep(PAUSE_MS_MAX * Math.random());
    }
  }

  /** Has it, or rejects with `E_FLEET_LOCKED`, which names the other run, while its controller lives. Needs a check before. */
  async acquire(key: string): Promise<void> {
    if (this.#held.has(key)) return;
    // Two that both take over what another left would each be in the other's way.
    const acquiring =
      this.#acquiring.get(key) ??
      this.#acquire(key).finally(() => {
        this.#acquiring.delete(key);
      });
    this.#acquiring.set(key, acquiring);
    await acquiring;
  }

  async #acquire(key: string): Promise<void> {
    const { kv } = this.#store;
    const value = encodeMessage(this.#own);
    // Nobody has most locks: one question then.
    let why: unknown;
    const created = await kv.create(key, value).catch((error: unknown) => {
      why = error;
      return null;
    });
    if (created !== null) return this.#hold(key, created);
    const other = await this.#read(key);
    if (other === null) throw isConflict(why) ? this.#refuse(key, "another") : why;
    if (await this.#isAlive(other)) throw this.#refuse(key, other.run ?? "another");
    try {
      this.#hold(key, await kv.update(key, value, other.revision));
    } catch (error) {
      if (!isConflict(error)) throw error;
      // Another controller was quicker.
      throw this.#refuse(key, (await this.#read(key))?.run ?? "another");
    }
  }

  /** Who has a lock; null: nobody, as when it was given up a moment ago. What is no lock is nobody's, and taken as one is. */
  async #read(key: string): Promise<(Partial<LockValue> & { readonly revision: number }) | null> {
    const entry = await this.#store.kv.get(key);
    if (entry === null || entry.operation !== "PUT") return null;
    return { ...readLock(entry.value), revision: entry.revision };
  }

  /** Gives up what is still held; a lock that was taken over is left to who has it. */
  async release(): Promise<void> {
    this.#lost.clear();
    await Promise.all([...this.#held.keys()].map((key) => this.#giveUp(key)));
  }

  async #giveUp(key: string): Promise<void> {
    this.#lost.delete(key);
    const previousSeq = this.#held.get(key);
    if (previousSeq === undefined) return;
    this.#held.delete(key);
    await this.#store.kv.delete(key, { previousSeq }).catch(() => {});
  }

  async #check(): Promise<void> {
    const { madeAtMs, lastRevision } = await this.#store.look();
    const isAnother = this.#madeAtMs !== null && madeAtMs !== this.#madeAtMs;
    this.#madeAtMs = madeAtMs;
    if (isAnother) this.#loseAll(lastRevision);
    else if (lastRevision !== this.#seen) await this.#recheckAll(lastRevision);
    await this.#retake();
  }

  /** The store that they were of is gone. */
  #loseAll(lastRevision: number): void {
    for (const key of this.#held.keys()) this.#lost.add(key);
    this.#held.clear();
    this.#ownAbove.clear();
    this.#seen = lastRevision;
  }

  /** Each is wanted until it is had, or another is known to have it: who needs it is told so then. */
  async #retake(): Promise<void> {
    const settled = await Promise.allSettled([...this.#lost].map((key) => this.#takeAgain(key)));
    const failed = settled.find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  async #takeAgain(key: string): Promise<void> {
    try {
      await this.acquire(key);
    } catch (error) {
      if (!(error instanceof ChurnError)) throw error;
    }
    this.#lost.delete(key);
  }

  async #recheckAll(lastRevision: number): Promise<void> {
    // What changes from here on shows at the next look.
    this.#seen = Math.max(this.#seen, lastRevision);
    for (const revision of this.#ownAbove)
      if (revision <= this.#seen) this.#ownAbove.delete(revision);
    await Promise.all([...this.#held].map((lock) => this.#recheck(lock)));
  }

  async #recheck([key, revision]: readonly [string, number]): Promise<void> {
    const entry = await this.#store.kv.get(key);
    if (entry?.revision !== revision && this.#held.get(key) === revision) this.#held.delete(key);
  }

  #hold(key: string, revision: number): void {
    this.#held.set(key, revision);
    this.#fences.set(key, { storeMs: this.#madeAtMs ?? 0, revision });
    this.#ownAbove.add(revision);
    while (this.#ownAbove.delete(this.#seen + 1)) this.#seen += 1;
  }

  /** Listens for the heartbeat of the holder, for as long as a living one may be silent. */
  async #isAlive({ run, holder }: Partial<LockValue>): Promise<boolean> {
    if (run === undefined || holder === undefined) return false;
    if (holder === this.#own.holder || this.#dead.has(holder)) return false;
    // What else is said in its name is no heartbeat, and nobody's to look at here.
    const alive = await isHeard(this.#nc, { run, holder, log: () => {} });
    if (!alive) this.#dead.add(holder);
    return alive;
  }

  #refuse(key: string, run: string): ChurnError {
    const [kind, name] = key.split(".");
    if (kind === "run") {
      return new ChurnError("E_FLEET_LOCKED", `Another controller has the run ${name}`, {
        hint: "Wait for it to end, or end it.",
      });
    }
    const what = kind === "target" ? `the target on ${name}` : `the agent ${name}`;
    return new ChurnError("E_FLEET_LOCKED", `Run ${run} has ${what}`, {
      hint: "Wait for that run to end, or name other agents by their labels.",
    });
  }
}

/** null: it is none, whoever wrote it. */
function readLock(value: Uint8Array): LockValue | null {
  try {
    return decodeMessage(value, lockSchema);
  } catch {
    return null;
  }
}
