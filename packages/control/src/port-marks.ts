import type { PortReading, PortUse, Role, TrialEvent } from "@churnlab/core";

/**
 * Shares of the port range worth an event. At one half connect() leaves its fast path: it tries ports of one parity
 * first and scans all of those before each port of the other (`__inet_hash_connect`).
 */
const MARKS = [
  { share: 0.5, kind: "ports.half" },
  { share: 0.9, kind: "ports.nearly-exhausted" },
] as const;

/** Reports each mark once, when it is crossed, and once more when port use falls below it again. */
export class PortMarks {
  readonly #above = new Set<string>();

  /** Whether this many sockets could have crossed a mark since it was last judged, so that a look is worth its cost. */
  mayHaveCrossed(sockets: number, range: number): boolean {
    return MARKS.some(({ share, kind }) => sockets >= share * range && !this.#above.has(kind));
  }

  judge(role: Role, reading: PortReading): Omit<TrialEvent, "tMs">[] {
    const events: Omit<TrialEvent, "tMs">[] = [];
    const { used, range, tuples } = reading;
    for (const { share, kind } of MARKS) {
      const above = range > 0 && used >= share * range;
      if (above === this.#above.has(kind)) continue;
      if (above) this.#above.add(kind);
      else this.#above.delete(kind);
      const detail = { used, range, ...nameTuple(tuples[0]) };
      events.push({ role, kind: above ? kind : `${kind}.over`, detail });
    }
    return events;
  }
}

/** Whose ports those are: of the tuple that uses most. */
function nameTuple(tuple: PortUse | undefined): Record<string, string | number> {
  if (tuple === undefined) return {};
  const { source, destination, destinationPort } = tuple;
  return { source, destination, destinationPort };
}
