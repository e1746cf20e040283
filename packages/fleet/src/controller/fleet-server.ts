import { setTimeout as sleep } from "node:timers/promises";
import { ChurnError } from "@churnlab/core";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Access } from "../connection-options.ts";
import { requireProtection } from "../protection.ts";
import type { FleetLocks } from "./fleet-locks.ts";
import type { ResultCollector } from "./result-collector.ts";
import type { ResultsRoom } from "./results-room.ts";

/** Between two attempts to have what a server lost, and how long a trial waits for it. */
const RECOVER_MS = 250;
const RECOVER_MS_MAX = 10_000;

export interface ServerParts {
  readonly access: Access;
  readonly nc: NatsConnection;
  readonly room: Pick<ResultsRoom, "require">;
  readonly locks: Pick<FleetLocks, "check">;
  readonly results: Pick<ResultCollector, "reopen">;
  /** One line for people. */
  readonly log: (line: string) => void;
  /** Told when it is back after it was away. */
  readonly onBack: () => void;
  /** Told when the connection is closed for good. */
  readonly onOver: () => void;
}

/** The server of a fleet: whether it is there, and has what the results and locks of a run need. */
export class FleetServer {
  readonly #parts: ServerParts;
  #isOnline = true;
  /** Why the connection was closed from here; null: it was not. */
  #unprotected: unknown = null;

  constructor(parts: ServerParts) {
    this.#parts = parts;
    void this.#follow();
  }

  get isOnline(): boolean {
    return this.#isOnline && !this.#parts.nc.isClosed();
  }

  /** Before a trial: its locks are still held, and its results will be taken. Rejects with `E_NATS`. */
  async requireStreams(agents: number): Promise<void> {
    const untilMs = performance.now() + RECOVER_MS_MAX;
    for (;;) {
      try {
        await this.#renew();
        await this.#parts.room.require(agents);
        return;
      } catch (error) {
        if (error instanceof ChurnError) throw error;
        if (this.#parts.nc.isClosed()) throw await this.#explainOver();
        if (performance.now() >= untilMs) throw explainAway(error);
        await sleep(RECOVER_MS);
      }
    }
  }

  async #follow(): Promise<void> {
    for await (const { type } of this.#parts.nc.status()) {
      if (type === "disconnect") this.#isOnline = false;
      if (type === "reconnect") {
        if (await this.#hasLostProtection()) break;
        this.#parts.onBack();
        this.#isOnline = true;
        void this.#recover();
      }
    }
    // Closed for good: by this side when the run is over, or because the server no longer knows the key.
    this.#parts.onOver();
  }

  /** A server that comes back unprotected is not the one that was trusted: nothing more is said to it. */
  async #hasLostProtection(): Promise<boolean> {
    const { nc, access, log } = this.#parts;
    try {
      requireProtection(nc, access);
      return false;
    } catch (error) {
      log((error as Error).message);
      this.#unprotected = error;
      await nc.close();
      return true;
    }
  }

  /** A server that is back may have lost its files: what results and locks need is made again, before a trial misses it. */
  async #recover(): Promise<void> {
    while (this.isOnline) {
      try {
        return await this.#renew();
      } catch {
        await sleep(RECOVER_MS); // JetStream is not up yet
      }
    }
  }

  /** Of a connection that is closed for good. */
  async #explainOver(): Promise<unknown> {
    if (this.#unprotected !== null) return this.#unprotected;
    const cause = await this.#parts.nc.closed();
    const why = cause instanceof Error ? cause.message : "it was closed";
    return new ChurnError("E_NATS", `The connection to the server is over: ${why}`, {
      hint: "Does the server still know the controller's key?",
      cause,
    });
  }

  async #renew(): Promise<void> {
    await this.#parts.results.reopen();
    await this.#parts.locks.check();
  }
}

function explainAway(cause: unknown): ChurnError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ChurnError("E_NATS", `The server's JetStream does not answer: ${why}`, { cause });
}
