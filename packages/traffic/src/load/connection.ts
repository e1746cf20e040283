import { type ConnectionStep, ERRNO } from "@churnlab/core";
import { addConnect } from "../connect-cost.ts";
import { monotonicMs } from "../monotonic.ts";
import type { AnswerFacts } from "../response-reader.ts";
import { type Bank, MEASURE } from "../worker-counters.ts";
import type { Load } from "./load.ts";
import type { Unit } from "./unit.ts";
import type { Wire, WireEvents } from "./wire.ts";

const OPENING = 0;
const EXCHANGING = 1;
/** Thinks, waits in the pool, or is held. */
const IDLE = 2;
/** Waits for the peer to close. */
const AWAITING = 3;
const CLOSING = 4;

interface Failure {
  readonly step: ConnectionStep;
  readonly errno: number;
  readonly tMs: number;
}

/**
 * The life of one connection and all that is counted of it, for engines that are driven by events:
 *
 *     OPENING → EXCHANGING ⇄ IDLE → AWAITING → CLOSING → (closed and counted)
 *
 * Any failure leads straight to CLOSING. What happens when it is established and when it is answered is the workload kind's.
 */
export class Connection implements WireEvents {
  readonly #load: Load;
  readonly #bank: Bank;
  readonly #openedAtMs: number;
  readonly #portPercent: number;
  #wire!: Wire;
  #state = OPENING;
  #failure: Failure | null = null;
  #deadlineMs: number;
  #requestsLeft: number;
  #answers = 0;
  #served = true;
  #sentAtMs = 0;
  #firstByteAtMs = 0;
  #resting: NodeJS.Timeout | null = null;
  #established = false;
  /** Of the request that is counted as attempted and has no outcome yet; null when there is none. */
  #requestBank: Bank | null = null;
  /** The unit of work this connection is or carries. */
  unit: Unit | null;
  #last = false;

  constructor(load: Load, unit: Unit) {
    this.#load = load;
    this.unit = unit;
    this.#bank = unit.bank;
    this.#openedAtMs = monotonicMs();
    this.#portPercent = load.portShare.percent;
    this.#deadlineMs = this.#openedAtMs + load.workload.timeouts.connectMs;
    this.#requestsLeft = load.drawRequests();
    load.counters.add(this.#bank, "intended");
    load.counters.add(this.#bank, "attempted");
  }

  open(): void {
    this.#wire = this.#load.dial(this);
  }

  get idle(): boolean {
    return this.#state === IDLE;
  }

  /** Whether it failed before it was established. */
  get unopened(): boolean {
    return !this.#established;
  }

  get ageMs(): number {
    return monotonicMs() - this.#openedAtMs;
  }

  /** Whether another request may follow the present answer. */
  get mayContinue(): boolean {
    return !this.#last;
  }

  /** Whether the last answer was one that serves. */
  get served(): boolean {
    return this.#served;
  }

  /** Counts a request as begun; it is sent at once or when the connection is established. */
  takeRequest(bank: Bank): void {
    this.#requestBank = bank;
    this.#load.counters.add(bank, "requestsIntended");
    this.#load.counters.add(bank, "requestsAttempted");
  }

  send(): void {
    const { workload } = this.#load;
    this.#requestsLeft--;
    this.#last =
      this.#requestsLeft <= 0 ||
      (workload.lifetimeMs !== null && this.ageMs >= workload.lifetimeMs);
    this.#state = EXCHANGING;
    this.#sentAtMs = monotonicMs();
    this.#deadlineMs = this.#sentAtMs + workload.timeouts.responseMs;
    this.#wire.send(this.#last);
  }

  /** Stays open without a request; `then` is called after `forMs` (null: never), if it is still open and idle. */
  rest(forMs: number | null, then: () => void): void {
    this.#state = IDLE;
    this.#deadlineMs = Number.POSITIVE_INFINITY;
    if (forMs === 0) then();
    else if (forMs !== null) this.#resting = setTimeout(then, forMs);
  }

  /** Ends as designed: waits for the server's close where the server was told to, else closes. */
  finish(): void {
    const { workload } = this.#load;
    this.#stopResting();
    this.#deadlineMs = monotonicMs() + workload.timeouts.responseMs;
    const serverCloses = workload.closer === "server" && this.#last;
    this.#state = serverCloses || workload.close === "half" ? AWAITING : CLOSING;
    if (!serverCloses) this.#wire.close();
  }

  /** Ends an idle connection as designed; leaves any other alone. */
  release(): void {
    if (this.#state === IDLE) this.finish();
  }

  /** Ends what takes too long. It has failed when its time was over, not when that was noticed. */
  checkDeadline(nowMs: number): void {
    if (nowMs < this.#deadlineMs || this.#state === CLOSING) return;
    this.#fail(this.#presentStep(), ERRNO.ETIMEDOUT, this.#deadlineMs);
    this.#close();
  }

  interrupt(): void {
    if (this.#state === IDLE) this.finish();
    else if (this.#state !== CLOSING) {
      this.#fail(this.#presentStep(), ERRNO.UNFINISHED);
      this.#close();
    }
  }

  established(): void {
    if (this.#state !== OPENING) return;
    this.#established = true;
    const { counters } = this.#load;
    counters.add(this.#bank, "established");
    counters.open += 1;
    if (this.#bank === MEASURE) this.#recordConnect();
    this.#load.kind.established(this.#load, this);
  }

  firstByte(): void {
    this.#firstByteAtMs = monotonicMs();
  }

  /** An answer that does not serve fails the request and so the connection, which goes on as it was meant to. */
  answered({ refusal, closes }: AnswerFacts): void {
    if (this.#state !== EXCHANGING) return;
    // A short-lived connection has requests of its own still to make: that it cannot is a failure.
    if (closes && this.#load.workload.kind === "keep-alive") this.#last = true;
    const bank = this.#requestBank as Bank;
    this.#requestBank = null;
    this.#answers++;
    this.#served = refusal === 0;
    this.#load.counters.add(bank, this.#served ? "requestsSucceeded" : "requestsFailed");
    if (!this.#served) {
      this.#fail("receive", refusal);
    } else if (bank === MEASURE) {
      const { counters } = this.#load;
      counters.latency("first_byte", (this.#firstByteAtMs - this.#sentAtMs) * 1000);
      counters.latency("request", (monotonicMs() - this.#sentAtMs) * 1000);
    }
    this.#load.kind.answered(this.#load, this);
  }

  garbled(): void {
    this.#fail("receive", ERRNO.EPROTO);
    this.#close();
  }

  ended(): void {
    if (this.#state === CLOSING) return;
    if (this.#state !== AWAITING && !this.#mayEndNow()) this.#fail("receive", ERRNO.EOF);
    this.#close();
  }

  failed(step: ConnectionStep, errno: number): void {
    const resetAsDesigned =
      this.#state === AWAITING && errno === ERRNO.ECONNRESET && this.#load.workload.close === "rst";
    if (this.#state !== CLOSING && !resetAsDesigned) {
      this.#fail(this.#state === AWAITING ? "close" : step, errno);
    }
    this.#state = CLOSING;
  }

  closed(): void {
    this.#stopResting();
    const { counters } = this.#load;
    if (this.#established) counters.open -= 1;
    if (this.#failure === null) counters.add(this.#bank, "succeeded");
    else counters.fail(this.#bank, this.#failure);
    if (this.#requestBank !== null) counters.add(this.#requestBank, "requestsFailed");
    this.#load.ended(this, this.#failure === null);
  }

  #recordConnect(): void {
    const { counters } = this.#load;
    const tookUs = (monotonicMs() - this.#openedAtMs) * 1000;
    counters.latency("connect", tookUs);
    const tMs = this.#openedAtMs - this.#load.measureAtMs;
    addConnect(counters.connectCosts, this.#portPercent, { tookUs, tMs });
  }

  /** An idle connection without a number of requests to come may be closed by its peer. */
  #mayEndNow(): boolean {
    return this.#state === IDLE && this.#answers > 0 && this.#requestsLeft === Infinity;
  }

  #presentStep(): ConnectionStep {
    if (this.#state === OPENING) return "connect";
    if (this.#state === AWAITING) return "close";
    return this.#wire.sendPending() ? "send" : "receive";
  }

  #fail(step: ConnectionStep, errno: number, atMs: number = monotonicMs()): void {
    this.#failure ??= { step, errno, tMs: atMs - this.#load.measureAtMs };
  }

  #close(): void {
    this.#stopResting();
    this.#state = CLOSING;
    this.#wire.abort();
  }

  #stopResting(): void {
    if (this.#resting !== null) clearTimeout(this.#resting);
    this.#resting = null;
  }
}
