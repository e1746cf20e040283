import {
  type Measurement,
  type Target,
  type TargetAddress,
  type Warning,
  warnAcceptFailures,
} from "@churnlab/core";
import { COUNTS_LINE, COUNTS_SIGNAL, parseCounts, type ServerCounts } from "@churnlab/traffic";
import type { Container } from "./container.ts";
import type { KernelUse } from "./container-kernel.ts";

const ANSWER_MS_MAX = 2000;

export interface ContainerTargetParts {
  readonly container: Pick<Container, "ended" | "ask" | "log">;
  readonly address: TargetAddress;
  /** Whether churnlab's own server is in it, which can be asked what it has done. */
  readonly isOurs: boolean;
  /** Whether it dials an upstream. */
  readonly isGateway: boolean;
  /** Its kernel side, from wherever that is seen. */
  readonly use: () => Promise<KernelUse>;
  readonly countTowardsUpstream: () => number;
}

/** A container that serves. */
export class ContainerTarget implements Target {
  readonly address: TargetAddress;
  readonly #parts: ContainerTargetParts;
  #before: Promise<ServerCounts | null> = Promise.resolve(null);
  readonly #doubts: string[] = [];
  #notAccepted: Readonly<Record<string, number>> = {};

  constructor(parts: ContainerTargetParts) {
    this.address = parts.address;
    this.#parts = parts;
  }

  ended(): string | null {
    return this.#parts.container.ended();
  }

  readLog(): string {
    const lines = this.#parts.container.log.read().split("\n");
    return lines.filter((line) => !line.startsWith(COUNTS_LINE)).join("\n");
  }

  async markMeasure(): Promise<void> {
    this.#before = this.#askCounts();
    await this.#before.catch(() => {}); // said by `measure`
  }

  /** Connections towards the upstream that stay open when nobody asks any more: those of its pool. */
  keptOpen(): number {
    return this.#parts.isGateway ? this.#parts.countTowardsUpstream() : 0;
  }

  /**
   * CPU time of all its processes, over the connections that its kernel accepted; of a gateway of ours what it did towards its
   * upstream in the measure phase. What it does not tell is absent: a growth needs both its ends.
   */
  async measure(): Promise<readonly Measurement[]> {
    if (this.ended() !== null) return [];
    const { cpuUs, accepted } = await this.#parts.use();
    const before = await this.#before;
    const counts = await this.#askCounts();
    this.#noteSilence(before, counts);
    this.#notAccepted = growthOf(before?.acceptFailures, counts?.acceptFailures);
    const perUnit: [string, number][] = [
      ["cpu.us_per_connection", accepted],
      ["cpu.us_per_request", counts?.requests ?? 0],
    ];
    return [
      ...perUnit
        .filter(([, count]) => count > 0)
        .map(([metric, count]) => ({ role: "target", metric, value: cpuUs / count }) as const),
      ...(this.#parts.isGateway ? toMeasurements(growthOf(before?.gateway, counts?.gateway)) : []),
      ...toMeasurements(this.#notAccepted),
    ];
  }

  conclude(): Warning[] {
    return [
      ...this.#doubts.map((message) => ({ code: "W_TARGET_UNCOUNTED", message }) as const),
      ...warnAcceptFailures("target", this.#notAccepted),
    ];
  }

  #noteSilence(before: ServerCounts | null, after: ServerCounts | null): void {
    const { isOurs, isGateway } = this.#parts;
    if (!isOurs) return;
    const silent = "target: its server did not tell its counts";
    const growths = `what it could not accept${isGateway ? " and what it did towards its upstream" : ""}`;
    if (after === null) {
      this.#doubts.push(
        `${silent} after the load: cpu.us_per_request, and ${growths}, are absent, not zero`,
      );
    } else if (before === null) {
      this.#doubts.push(
        `${silent} when the measure phase began: ${growths} is absent, since it would hold the warm-up too`,
      );
    }
  }

  async #askCounts(): Promise<ServerCounts | null> {
    const { container, isOurs } = this.#parts;
    if (!isOurs) return null;
    const line = await container.ask(COUNTS_SIGNAL, COUNTS_LINE, ANSWER_MS_MAX);
    return line === null ? null : parseCounts(line);
  }
}

type Counts = Readonly<Record<string, number>> | undefined;

/** A growth needs both its ends. */
function growthOf(before: Counts, after: Counts): Record<string, number> {
  if (before === undefined || after === undefined) return {};
  return Object.fromEntries(
    Object.entries(after).map(([metric, value]) => [metric, value - (before[metric] ?? 0)]),
  );
}

function toMeasurements(values: Readonly<Record<string, number>>): Measurement[] {
  return Object.entries(values).map(([metric, value]) => ({ role: "target", metric, value }));
}
