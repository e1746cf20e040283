import { runPlan } from "@churnlab/control";
import {
  parseScenario,
  planTrials,
  type Testbed,
  type TrialEvent,
  type TrialOutcome,
  type TrialWorld,
} from "@churnlab/core";
import { NetnsTestbed } from "@churnlab/testbed";
import { clock } from "../real-clock.ts";

/** Runs the one trial of a scenario, whatever becomes of it; `begin` is called when its world stands. */
export async function runOne(parts: string, begin: () => void = () => {}): Promise<TrialOutcome> {
  const yaml = `version: 1\nname: limits\n${parts}\nvariants: [{ name: only }]\nreplicates: 1\n`;
  const inner = new NetnsTestbed();
  const testbed: Testbed = {
    close: () => inner.close(),
    build: async (trial, signal): Promise<TrialWorld> => {
      const world = await inner.build(trial, signal);
      begin();
      return world;
    },
  };
  let outcome: TrialOutcome | null = null;
  try {
    await runPlan(
      planTrials(parseScenario(yaml, "limits.yaml")),
      {
        testbedFor: () => testbed,
        clock,
        listener: { onPhase: () => {}, onSample: () => {}, onOutcome: () => {} },
        save: (_, saved) => {
          outcome = saved;
        },
      },
      new AbortController().signal,
    );
  } finally {
    await testbed.close();
  }
  if (outcome === null) throw new Error("the trial did not run");
  return outcome;
}

/** What ran out, as the trial says. */
export function limitsOf({ record }: TrialOutcome): TrialEvent[] {
  return record.events.filter(({ kind }) => kind.startsWith("limit."));
}
