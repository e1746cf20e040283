import { ChurnError, SAMPLE_INTERVAL_MS, type TargetAddress, type TrialSpec } from "@churnlab/core";
import {
  type PrepareReply,
  type PrepareRequest,
  prepareReplySchema,
  type TrialKey,
} from "../messages/trial-messages.ts";
import type { AgentLink } from "./agent-link.ts";
import type { Crew } from "./agent-roster.ts";
import type { HeldSides } from "./held-sides.ts";

/** So many agents send live data every `SAMPLE_INTERVAL_MS`; more send it less often. */
const LIVE_AGENTS_MAX = 200;
/** A namespace that outlives a trial first waits for the TIME_WAIT of the one before to pass. */
const PREPARE_MS_MAX = 90_000;

/** What the agents say of their sides, once all are there. */
export interface PreparedSides {
  readonly ofTarget: PrepareReply;
  readonly ofLoads: readonly PrepareReply[];
  /** Where the target listens. */
  readonly address: TargetAddress;
}

/** Whose sides are built, for what, and how they are taken down. */
export interface SidesWanted {
  readonly key: TrialKey;
  readonly spec: TrialSpec;
  readonly sides: Pick<HeldSides, "beBuilt" | "restore">;
}

/** Has all sides of an attempt built. An aborted signal has what is under construction given up at once. */
export async function prepareSides(
  crew: Crew,
  { key, spec, sides }: SidesWanted,
  signal: AbortSignal,
): Promise<PreparedSides> {
  signal.throwIfAborted();
  // Their builds end with it; an agent that does not hear of it has its dead-man's switch.
  const giveUp = (): void => void sides.restore().catch(() => {});
  signal.addEventListener("abort", giveUp);
  try {
    const { ofTarget, ofLoads } = await prepareAll(crew, { key, spec }, signal);
    signal.throwIfAborted();
    sides.beBuilt();
    if (ofTarget.target === null) throw new ChurnError("E_TARGET", "The target listens nowhere");
    return { ofTarget, ofLoads, address: ofTarget.target };
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

async function prepareAll(
  { loads, target }: Crew,
  { key, spec }: Omit<SidesWanted, "sides">,
  signal: AbortSignal,
): Promise<Omit<PreparedSides, "address">> {
  const liveMs = liveMsOf(loads.length);
  const targetAddress = target.description.addresses.slice(0, 1);
  const prepare = (
    link: AgentLink,
    part: Omit<PrepareRequest, "key" | "spec" | "clockOffsetMs" | "liveMs">,
  ) => {
    const { offsetMs: clockOffsetMs } = link.clock;
    const body: PrepareRequest = { key, spec, clockOffsetMs, liveMs, ...part };
    // A side that is asked for again is built anew: the one before goes.
    const withinMs = PREPARE_MS_MAX;
    const schema = prepareReplySchema;
    return link.ask("prepare", { body, schema, withinMs, again: true, signal });
  };
  const sources = loads.flatMap(({ link, sources: count }) =>
    link.description.addresses.slice(0, count),
  );
  const [ofTarget, ...ofLoads] = await allSettledOrThrow([
    prepare(target, { part: "target", sources: 1, workers: 1, peers: sources }),
    ...loads.map(({ link, ...part }) =>
      prepare(link, { part: "load", ...part, peers: targetAddress }),
    ),
  ]);
  return { ofTarget: ofTarget as PrepareReply, ofLoads };
}

/** Few agents are looked at as often as this machine looks at itself; of many, the controller hears no more in all. */
export function liveMsOf(agents: number): number {
  return SAMPLE_INTERVAL_MS * Math.ceil(agents / LIVE_AGENTS_MAX);
}

/** All of them, or the first failure once none is under way any more: what was built can then be taken down. */
async function allSettledOrThrow<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(work);
  return settled.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
}
