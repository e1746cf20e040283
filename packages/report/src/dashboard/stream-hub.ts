import { randomBytes } from "node:crypto";
import type { LiveMessage } from "../live/live-message.ts";
import { LiveState } from "../live/live-state.ts";
import { EventStream, StreamEvent, type StreamResponse } from "./event-stream.ts";

/** More tabs than this are nobody's. */
export const STREAMS_MAX = 64;
/** A reader that has not taken what waits for it for this long gives its place up to a newcomer. */
const STALLED_MS_MIN = 2000;
/**
 * Where all places are taken, whoever has had one for so long gives it up to a newcomer, the oldest first. Of a reader that is
 * sent nothing but a beat nobody can tell whether it reads: the kernel takes that for it for hours. A page comes back by
 * itself, after the last event that it has seen.
 */
const PLACE_MS_MIN = 60_000;
/** Messages that a reader may miss and still be told one by one; beyond, a snapshot is shorter. */
const REPLAY_MAX = 240;
const BEAT_MS = 15_000;
/** Points of a series in a snapshot. */
const POINTS_MAX = 600;

export interface HubOptions {
  /** No stream is open for longer; for readers that come back by themselves. Without bound when absent. */
  readonly streamMsMax?: number;
  /** A clock that never goes back. */
  readonly nowMs?: () => number;
}

/**
 * Passes messages on to every open stream and keeps what a newcomer needs: the state as a snapshot, and the last messages for
 * one who comes back with `Last-Event-ID`. Memory is bounded by the numbers above, whatever readers do.
 */
export class StreamHub implements Disposable {
  readonly state: LiveState;
  readonly #streams = new Set<EventStream>();
  readonly #recent: StreamEvent[] = [];
  /** Ids of another process mean nothing here. */
  readonly #epoch: string = randomBytes(4).toString("hex");
  readonly #beat: ReturnType<typeof setInterval>;
  #count = 0;

  readonly #nowMs: () => number;
  readonly #streamMsMax: number;

  constructor(
    origin: "process" | "database",
    { nowMs = () => performance.now(), streamMsMax = Number.POSITIVE_INFINITY }: HubOptions = {},
  ) {
    this.#nowMs = nowMs;
    this.#streamMsMax = streamMsMax;
    this.state = new LiveState(origin, POINTS_MAX);
    this.#beat = setInterval(() => this.#beatAll(), BEAT_MS);
    this.#beat.unref();
  }

  /** Streams that are open. */
  get size(): number {
    return this.#streams.size;
  }

  publish(message: LiveMessage): void {
    this.state.apply(message);
    this.#count++;
    const event = new StreamEvent(this.#id(), message.type, message);
    this.#recent.push(event);
    if (this.#recent.length > REPLAY_MAX) this.#recent.shift();
    for (const stream of this.#streams) {
      if (stream.isOpen) stream.send(event);
      else this.#streams.delete(stream);
    }
  }

  /**
   * Whether there is room for one more. Where all places are taken, the oldest reader that takes nothing loses its own, else
   * the oldest that has had its place for a minute.
   */
  makeRoom(): boolean {
    if (this.#streams.size < STREAMS_MAX) return true;
    const streams = [...this.#streams];
    const leaving =
      streams.find(({ stalledMs }) => stalledMs >= STALLED_MS_MIN) ??
      streams.find(({ ageMs }) => ageMs >= PLACE_MS_MIN);
    if (leaving === undefined) return false;
    leaving.cut();
    return this.#streams.delete(leaving);
  }

  /** false when there are too many already. */
  open(response: StreamResponse, lastEventId: string | null): boolean {
    if (!this.makeRoom()) return false;
    const stream = new EventStream(response, () => this.#snapshot(), this.#nowMs);
    for (const event of this.#missed(lastEventId) ?? [this.#snapshot()]) stream.send(event);
    this.#streams.add(stream);
    response.once("close", () => this.#streams.delete(stream));
    return true;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#beat);
    for (const stream of this.#streams) stream.end();
    this.#streams.clear();
  }

  /** What was published after that event; null when that is not known any more. */
  #missed(lastEventId: string | null): readonly StreamEvent[] | null {
    if (lastEventId === null) return null;
    if (lastEventId === this.#id()) return [];
    const place = this.#recent.findIndex(({ id }) => id === lastEventId);
    return place < 0 ? null : this.#recent.slice(place + 1);
  }

  #snapshot(): StreamEvent {
    return new StreamEvent(this.#id(), "snapshot", {
      type: "snapshot",
      snapshot: this.state.snapshot(),
    });
  }

  #id(): string {
    return `${this.#epoch}-${this.#count}`;
  }

  #beatAll(): void {
    for (const stream of this.#streams) {
      stream.beat();
      if (stream.ageMs >= this.#streamMsMax) stream.cut();
      if (!stream.isOpen) this.#streams.delete(stream);
    }
  }
}
