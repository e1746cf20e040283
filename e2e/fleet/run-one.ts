import { type Recorder, runTrial } from "@churnlab/control";
import {
  parseScenario,
  planTrials,
  type Testbed,
  type Trial,
  type TrialOutcome,
  type TrialPhase,
} from "@churnlab/core";
import { clock } from "../real-clock.ts";

function trialOf(scenario: string): Trial {
  const [trial] = planTrials(parseScenario(scenario, "fleet.yaml")).trials;
  if (trial === undefined) throw new Error("the scenario has no trial");
  return trial;
}

export interface Watching {
  readonly soak?: boolean;
  readonly onPhase?: (phase: TrialPhase) => void;
  readonly onSample?: (recorder: Recorder) => void;
}

/** Runs one attempt at the first trial of a scenario, and confirms it as who stores it does. */
export async function runOne(
  scenario: string,
  testbed: Testbed,
  { soak = false, onPhase, onSample }: Watching = {},
): Promise<TrialOutcome> {
  const trial = trialOf(scenario);
  const outcome = await runTrial(
    trial,
    {
      testbed,
      clock,
      onPhase: (_trial, phase) => onPhase?.(phase),
      onSample: (recorder) => onSample?.(recorder),
      soak,
    },
    new AbortController().signal,
  );
  testbed.confirm?.(trial);
  return outcome;
}

/** Milliseconds into the load, from the phase on. */
export function afterMeasure(ms: number, act: () => unknown): Pick<Watching, "onPhase"> {
  return {
    onPhase: (phase) => {
      if (phase === "measure") setTimeout(act, ms);
    },
  };
}
