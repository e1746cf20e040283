import { setTimeout as sleep } from "node:timers/promises";
import type { ContainerAbility } from "@churnlab/testbed";

/** An answer is believed so long. */
const FRESH_MS = 5000;
/** Whoever asks does not wait longer: what was known before is said then, and what is found out at the next time. */
const WAIT_MS_MAX = 1000;

/** What an agent knows of its container engine, which may come and go while the agent serves. */
export class ContainerProbe {
  readonly #probe: () => Promise<ContainerAbility>;
  readonly #nowMs: () => number;
  #known: ContainerAbility;
  #knownAtMs: number;
  #probing: Promise<void> | null = null;

  static async open(
    probe: () => Promise<ContainerAbility>,
    nowMs: () => number = () => performance.now(),
  ): Promise<ContainerProbe> {
    return new ContainerProbe(await probe(), { probe, nowMs });
  }

  private constructor(
    known: ContainerAbility,
    { probe, nowMs }: { probe: () => Promise<ContainerAbility>; nowMs: () => number },
  ) {
    this.#probe = probe;
    this.#nowMs = nowMs;
    this.#known = known;
    this.#knownAtMs = nowMs();
  }

  async look(): Promise<ContainerAbility> {
    if (this.#nowMs() - this.#knownAtMs < FRESH_MS) return this.#known;
    this.#probing ??= this.#renew().finally(() => {
      this.#probing = null;
    });
    const patience = new AbortController();
    const waited = sleep(WAIT_MS_MAX, undefined, { signal: patience.signal }).catch(() => {});
    await Promise.race([this.#probing, waited]);
    patience.abort();
    return this.#known;
  }

  async #renew(): Promise<void> {
    this.#known = await this.#probe();
    this.#knownAtMs = this.#nowMs();
  }
}
