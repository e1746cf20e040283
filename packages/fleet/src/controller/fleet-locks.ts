import { ChurnError } from "@churnlab/core";
import type { KV } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { z } from "zod";
import { decodeMessage, encodeMessage } from "../message-codec.ts";
import { controllerHeartbeatSubject, HEARTBEAT_MS, HEARTBEATS_MISSED_MAX } from "../subjects.ts";

/** Who has what. */
interface LockValue {
  readonly run: string;
  /** Unique per controller process: a run that is taken up again is another holder. */
  readonly holder: string;
}

const lockSchema: z.ZodType<LockValue> = z.object({ run: z.string(), holder: z.string() });

/**
 * The locks of one controller. Each has the revision of its key as its epoch, which the server only ever raises: what comes
 * with a lower one is from a controller that lost its lock, however long it slept.
 */
export class FleetLocks {
  readonly #kv: KV;
  readonly #nc: NatsConnection;
  readonly #own: LockValue;
  readonly #held = new Map<string, number>();
  readonly #dead = new Set<string>();
  #epoch = 0;

  constructor(kv: KV, nc: NatsConnection, own: LockValue) {
    this.#kv = kv;
    this.#nc = nc;
    this.#own = own;
  }

  /** The highest of its epochs. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Rejects with `E_FLEET_LOCKED`, which names the other run, while its controller lives. */
  async acquire(key: string): Promise<void> {
    if (this.#held.has(key)) return;
    const entry = await this.#kv.get(key);
    const value = encodeMessage(this.#own);
    try {
      if (entry === null || entry.operation !== "PUT") {
        this.#hold(key, await this.#kv.create(key, value));
        return;
      }
      const other = decodeMessage(entry.value, lockSchema);
      if (await this.#isAlive(other)) throw this.#refuse(key, other.run);
      this.#hold(key, await this.#kv.update(key, value, entry.revision));
    } catch (error) {
      if (error instanceof ChurnError) throw error;
      // Another controller was quicker.
      const winner = await this.#kv.get(key);
      const run = winner === null ? "another" : decodeMessage(winner.value, lockSchema).run;
      throw this.#refuse(key, run);
    }
  }

  /** Gives up what is still held; a lock that was taken over is left to who has it. */
  async release(): Promise<void> {
    for (const [key, revision] of this.#held) {
      await this.#kv.delete(key, { previousSeq: revision }).catch(() => {});
    }
    this.#held.clear();
  }

  #hold(key: string, revision: number): void {
    this.#held.set(key, revision);
    this.#epoch = Math.max(this.#epoch, revision);
  }

  /** Listens for the heartbeat of the holder, for as long as a living one may be silent. */
  async #isAlive({ run, holder }: LockValue): Promise<boolean> {
    if (this.#dead.has(holder)) return false;
    const heard = Promise.withResolvers<boolean>();
    const subscription = this.#nc.subscribe(controllerHeartbeatSubject(run), {
      callback: (error, message) => {
        if (error === null && message.json<{ holder?: string }>().holder === holder) {
          heard.resolve(true);
        }
      },
    });
    const timer = setTimeout(() => heard.resolve(false), HEARTBEATS_MISSED_MAX * HEARTBEAT_MS);
    const alive = await heard.promise;
    clearTimeout(timer);
    subscription.unsubscribe();
    if (!alive) this.#dead.add(holder);
    return alive;
  }

  #refuse(key: string, run: string): ChurnError {
    const [kind, name] = key.split(".");
    const what = kind === "target" ? `the target on ${name}` : `the agent ${name}`;
    return new ChurnError("E_FLEET_LOCKED", `Run ${run} has ${what}`, {
      hint: "Wait for that run to end, or name other agents by their labels.",
    });
  }
}
