import type { TracedEnd, TracedReset } from "./reset-events.ts";

/**
 * The end comes right after its reset; only other processors' events of the same microseconds stand between them. Most
 * ends have none: a program that resets its own connection ends it too.
 */
const RESETS_BETWEEN_MAX = 64;

/** Whether it is not known yet which state a received reset ended. */
export function lacksState({ direction, state }: TracedReset): boolean {
  return direction === "received" && state === null;
}

/** The resets, oldest first, where a received one has the state that the end which followed it tells. */
export function nameEndedStates(
  resets: readonly TracedReset[],
  ends: readonly TracedEnd[],
): TracedReset[] {
  const named = resets.toSorted((a, b) => a.atMs - b.atMs);
  let before = 0;
  for (const end of ends.toSorted((a, b) => a.atMs - b.atMs)) {
    while (before < named.length && (named[before] as TracedReset).atMs <= end.atMs) before += 1;
    const index = findEnded(named, before, end);
    const ended = named[index];
    if (ended !== undefined) named[index] = { ...ended, state: end.state };
  }
  return named;
}

/** The newest reset before `before` that the end belongs to; -1 when there is none. */
function findEnded(resets: readonly TracedReset[], before: number, end: TracedEnd): number {
  const first = Math.max(0, before - RESETS_BETWEEN_MAX);
  for (let index = before - 1; index >= first; index -= 1) {
    const reset = resets[index];
    if (reset !== undefined && isEndedBy(reset, end)) return index;
  }
  return -1;
}

function isEndedBy(reset: TracedReset, end: TracedEnd): boolean {
  return (
    reset.sourcePort === end.sourcePort &&
    reset.destinationPort === end.destinationPort &&
    lacksState(reset) &&
    reset.source === end.source &&
    reset.destination === end.destination
  );
}
