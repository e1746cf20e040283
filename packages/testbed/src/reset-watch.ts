import { ChurnError, type Warning } from "@churnlab/core";
import { errnoOf } from "@churnlab/linux";
import type { Host, Hosts } from "./netns-hosts.ts";
import { ResetObserver } from "./reset-observer.ts";
import { ResetReasons } from "./reset-reasons.ts";

/** How the resets of one trial are watched. */
export interface TrialResets {
  /** Empty where packets cannot be captured. */
  readonly observers: ReadonlyMap<Host, ResetObserver>;
  /** `capture and trace`, `capture`, or `none`: part of the environment, because it costs the client some CPU time. */
  readonly means: string;
  readonly warnings: readonly Warning[];
}

/** Watches resets with whatever this user may use: packet capture, and the kernel's trace for root of the machine. */
export class ResetWatch implements Disposable {
  readonly #addresses: readonly string[];
  #reasons: ResetReasons | ChurnError | null = null;

  constructor(addresses: readonly string[]) {
    this.#addresses = addresses;
  }

  /** Starts on the hosts of a trial. The observers are closed with the trial. */
  begin(hosts: Pick<Hosts, "all">): TrialResets {
    const opened = this.#openReasons();
    const reasons = opened instanceof ResetReasons ? opened : null;
    reasons?.begin();
    const degraded = opened instanceof ChurnError ? [noReasons(opened)] : [];
    try {
      const observers = new Map(
        hosts.all.map((host) => [host, new ResetObserver({ ...host, reasons })]),
      );
      const means = reasons === null ? "capture" : "capture and trace";
      return { observers, means, warnings: degraded };
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      const message = `resets are not captured (${errno}): that takes CAP_NET_RAW over the namespace`;
      const warnings: Warning[] = [...degraded, { code: "W_OBSERVER_DEGRADED", message }];
      return { observers: new Map(), means: "none", warnings };
    }
  }

  [Symbol.dispose](): void {
    if (this.#reasons instanceof ResetReasons) this.#reasons[Symbol.dispose]();
  }

  /** Tried once: what a machine refuses, it refuses for every trial. */
  #openReasons(): ResetReasons | ChurnError {
    this.#reasons ??= tryReasons(this.#addresses);
    return this.#reasons;
  }
}

function tryReasons(addresses: readonly string[]): ResetReasons | ChurnError {
  try {
    return new ResetReasons(addresses);
  } catch (error) {
    if (error instanceof ChurnError) return error;
    throw error;
  }
}

function noReasons({ message }: ChurnError): Warning {
  return { code: "W_OBSERVER_DEGRADED", message: `no kernel reasons for resets: ${message}` };
}
