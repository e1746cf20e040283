import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ChurnError, type TrialSpec } from "@churnlab/core";
import { connectNats } from "../connect.ts";
import type { Access } from "../connection-options.ts";
import { discoverAgents } from "./discover-agents.ts";
import { placeAgents } from "./place-agents.ts";
import { describeReach } from "./suggest-agent.ts";

const LOOK_MS = 1000;

export interface AwaitedFleet {
  readonly access: Access;
  readonly churnlab: string;
  /** Of all trials that there are to be agents for; those without a fleet need none. */
  readonly specs: readonly TrialSpec[];
  readonly withinMs: number;
  /** One line for people: what is waited for, whenever that is something else. */
  readonly say: (line: string) => void;
}

/**
 * Resolves when the server can be reached and has agents for every trial. Rejects with what is still missing when the time is over:
 * `E_NATS`, `E_FLEET`; at once with anything else.
 */
export async function awaitAgents(fleet: AwaitedFleet): Promise<void> {
  const { withinMs, say } = fleet;
  const endMs = performance.now() + withinMs;
  let said = "";
  for (;;) {
    const missing = await findMissing(fleet);
    if (missing === null) break;
    if (performance.now() >= endMs) throw missing;
    if (missing.message !== said) say(`waiting for the fleet: ${missing.message}`);
    said = missing.message;
    await sleep(LOOK_MS);
  }
  if (said !== "") say("the fleet is there");
}

async function findMissing({ access, churnlab, specs }: AwaitedFleet): Promise<ChurnError | null> {
  try {
    const nc = await connectNats(access);
    try {
      const own = { churnlab, run: randomUUID(), holder: randomUUID() };
      const { agents } = await discoverAgents(nc, { ...own, log: () => {} });
      const reach = describeReach(access);
      for (const { fleet, ...spec } of specs) {
        if (fleet !== undefined) placeAgents(fleet, agents, { ...spec, reach });
      }
      return null;
    } finally {
      await nc.close();
    }
  } catch (error) {
    const isMissing = error instanceof ChurnError && ["E_NATS", "E_FLEET"].includes(error.code);
    if (isMissing) return error;
    throw error;
  }
}
