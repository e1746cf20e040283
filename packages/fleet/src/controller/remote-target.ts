import type { Measurement, Target, TargetAddress, Warning } from "@churnlab/core";
import type { TargetLook } from "../messages/trial-messages.ts";
import type { AgentLink } from "./agent-link.ts";

/** The server under test on another machine, as its agent last saw it. */
export class RemoteTarget implements Target {
  readonly address: TargetAddress;
  readonly #link: AgentLink;
  #look: TargetLook | null = null;
  #ended: string | null = null;

  constructor(link: AgentLink, address: TargetAddress) {
    this.#link = link;
    this.address = address;
  }

  take(look: TargetLook | null): void {
    this.#look = look ?? this.#look;
    this.takeEnd(look?.ended ?? null);
  }

  takeEnd(ended: string | null): void {
    this.#ended = ended ?? this.#ended;
  }

  ended(): string | null {
    const { lost } = this.#link;
    return lost.aborted ? (lost.reason as Error).message : this.#ended;
  }

  /** Of the last look: the end of the trial. */
  async measure(): Promise<readonly Measurement[]> {
    return this.#look?.measurements ?? [];
  }

  keptOpen(): number {
    return this.#look?.keptOpen ?? 0;
  }

  readLog(): string {
    return this.#look?.log ?? "";
  }

  conclude(): readonly Warning[] {
    return this.#look?.warnings ?? [];
  }
}
