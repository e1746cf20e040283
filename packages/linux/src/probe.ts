/** `absent` is no fault: what depends on it is left out. */
export const PROBE_STATUSES = ["ok", "warn", "fail", "absent"] as const;
export type ProbeStatus = (typeof PROBE_STATUSES)[number];

export const PROBE_GROUPS = ["base", "testbed", "traffic", "observation", "containers"] as const;
export type ProbeGroup = (typeof PROBE_GROUPS)[number];

/** What trying something showed. */
export interface Finding {
  readonly status: ProbeStatus;
  /** What was seen, for people: a version, a number, the kernel's error. */
  readonly what: string;
  /** What to do about it, where the probe knows better than its own `fix`. */
  readonly fix?: string | undefined;
}

/** One thing the machine may be able to do, found out by doing it. */
export interface Probe {
  readonly id: string;
  readonly group: ProbeGroup;
  /** What it is for. */
  readonly why: string;
  /** What to do when it does not work. */
  readonly fix: string;
  attempt(): Finding | Promise<Finding>;
}

export interface ProbeResult {
  readonly id: string;
  readonly group: ProbeGroup;
  readonly status: ProbeStatus;
  readonly what: string;
  readonly why: string;
  /** null when nothing is to be done. */
  readonly fix: string | null;
}

/** Tries one probe; an exception is a failure like any other. */
export async function runProbe(probe: Probe): Promise<ProbeResult> {
  const { id, group, why } = probe;
  const { status, what, fix } = await attempt(probe);
  return { id, group, status, what, why, fix: status === "ok" ? null : (fix ?? probe.fix) };
}

async function attempt(probe: Probe): Promise<Finding> {
  try {
    return await probe.attempt();
  } catch (error) {
    const hint = error instanceof Error && "hint" in error ? error.hint : undefined;
    return {
      status: "fail",
      what: error instanceof Error ? error.message : String(error),
      fix: typeof hint === "string" ? hint : undefined,
    };
  }
}
