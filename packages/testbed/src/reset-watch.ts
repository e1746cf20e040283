import { ChurnError, type Warning } from "@churnlab/core";
import { errnoOf, ResetCapture } from "@churnlab/linux";
import type { Host, Hosts } from "./netns-hosts.ts";
import { ResetObserver } from "./reset-observer.ts";
import { ResetReasons } from "./reset-reasons.ts";

/** How the resets of one trial are watched. */
export interface TrialResets {
  /** Empty where nothing can be seen. */
  readonly observers: ReadonlyMap<Host, ResetObserver>;
  /** `capture and trace`, `capture`, `trace` or `none`: part of the environment, because it costs the client some CPU time. */
  readonly means: string;
  readonly warnings: readonly Warning[];
}

/** What resets are seen with. Both throw what the kernel refuses. */
export interface ResetMeans {
  readonly openReasons: (addresses: readonly string[]) => ResetReasons;
  readonly openCapture: (host: Host) => ResetCapture;
}

const OWN_MEANS: ResetMeans = {
  openReasons: (addresses) => new ResetReasons(addresses),
  openCapture: ({ namespace }) => new ResetCapture(namespace, { sent: false }),
};

/** Watches resets with whatever this user may use: packet capture, and the kernel's trace for root of the machine. */
export class ResetWatch implements Disposable {
  readonly #addresses: readonly string[];
  #reasons: ResetReasons | ChurnError | null = null;

  readonly #means: ResetMeans;

  constructor(addresses: readonly string[], means: Partial<ResetMeans> = {}) {
    this.#addresses = addresses;
    this.#means = { ...OWN_MEANS, ...means };
  }

  /** Starts on the hosts of a trial. The observers are closed with the trial. */
  begin(hosts: Pick<Hosts, "all">): TrialResets {
    const opened = this.#openReasons();
    const reasons = opened instanceof ResetReasons ? opened : null;
    reasons?.begin();
    const degraded = reasons === null ? [noReasons(opened as ChurnError)] : tellSilence(reasons);
    const { captures, refused } = openCaptures(hosts.all, this.#means.openCapture);
    const warnings = [...degraded, ...refused];
    const means = nameMeans({ captured: captures !== null, traced: reasons !== null });
    if (means === "none") return { observers: new Map(), means, warnings };
    const observers = hosts.all.map((host, index) => {
      const capture = captures?.get(host) ?? null;
      const tellsOfTrace = index === 0;
      return [host, new ResetObserver({ ...host, capture, reasons, tellsOfTrace })] as const;
    });
    return { observers: new Map(observers), means, warnings };
  }

  [Symbol.dispose](): void {
    if (this.#reasons instanceof ResetReasons) this.#reasons[Symbol.dispose]();
  }

  /** Tried once: what a machine refuses, it refuses for every trial. */
  #openReasons(): ResetReasons | ChurnError {
    this.#reasons ??= this.#tryReasons();
    return this.#reasons;
  }

  /** Whatever the kernel refuses (it is busy, out of memory, or has no such thing) is a trial without reasons. */
  #tryReasons(): ResetReasons | ChurnError {
    try {
      return this.#means.openReasons(this.#addresses);
    } catch (error) {
      if (error instanceof ChurnError) return error;
      if (!(error instanceof Error) || errnoOf(error) === undefined) throw error;
      return new ChurnError("E_PLATFORM", error.message, { cause: error });
    }
  }
}

interface Captures {
  /** null where this user may not capture. */
  readonly captures: ReadonlyMap<Host, ResetCapture> | null;
  readonly refused: readonly Warning[];
}

/** On all hosts or on none: a count of some would be taken for one of all. */
function openCaptures(hosts: readonly Host[], open: ResetMeans["openCapture"]): Captures {
  const captures = new Map<Host, ResetCapture>();
  try {
    for (const host of hosts) captures.set(host, open(host));
    return { captures, refused: [] };
  } catch (error) {
    for (const capture of captures.values()) capture.close();
    return { captures: null, refused: [noCapture(error)] };
  }
}

/** Throws what no kernel refused. */
function noCapture(error: unknown): Warning {
  const errno = errnoOf(error);
  if (!(error instanceof Error) || errno === undefined) throw error;
  const why =
    errno === "EPERM"
      ? " (EPERM): that takes CAP_NET_RAW over the namespace"
      : `: ${error.message}`;
  return { code: "W_OBSERVER_DEGRADED", message: `resets are not captured${why}` };
}

function nameMeans({
  captured,
  traced,
}: {
  readonly captured: boolean;
  readonly traced: boolean;
}): string {
  if (captured) return traced ? "capture and trace" : "capture";
  return traced ? "trace" : "none";
}

function tellSilence({ hasReasons }: ResetReasons): Warning[] {
  if (hasReasons) return [];
  const message = "this kernel does not say why it resets (Linux 6.10 does): causes are unknown";
  return [{ code: "W_OBSERVER_DEGRADED", message }];
}

function noReasons({ message }: ChurnError): Warning {
  return { code: "W_OBSERVER_DEGRADED", message: `no kernel reasons for resets: ${message}` };
}
