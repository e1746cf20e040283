import { ChurnError, type MeasuredVariant, type Role, TRIAL_STATES } from "@churnlab/core";
import { collectFacts } from "@churnlab/store";
import { z } from "zod";
import { RESULT_SCHEMA_VERSION } from "./result-document.ts";

/** The part of an exported run that a gate is judged against. */
export interface ResultBaseline {
  readonly variants: readonly BaselineVariant[];
}

export interface BaselineVariant extends MeasuredVariant {
  /** Of the environments of its trials. */
  readonly facts: Readonly<Record<string, string>>;
  /** What it was asked to do; see `describeScenario`. */
  readonly scenario: Readonly<Record<string, string>>;
}

const baselineFile = z.object({
  schemaVersion: z.number(),
  run: z.object({
    variants: z.array(
      z.object({
        name: z.string(),
        scenario: z.record(z.string(), z.string()).optional(),
      }),
    ),
    trials: z.array(
      z.object({
        variant: z.string(),
        block: z.number(),
        state: z.enum(TRIAL_STATES),
        facts: z.record(z.string(), z.string()),
        measurements: z.record(z.string(), z.number()),
      }),
    ),
  }),
});

type BaselineTrial = z.infer<typeof baselineFile>["run"]["trials"][number];

/** Reads a run that `show --json` printed. Throws `E_BASELINE` with what is wrong with it. */
export function readResult(text: string, file: string): ResultBaseline {
  const refuse = (problem: string): ChurnError =>
    new ChurnError("E_BASELINE", `${file}: ${problem}`, {
      hint: "Make one with `churnlab show <run> --json`.",
    });
  const parsed = baselineFile.safeParse(parseJson(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refuse(`not an exported run (${issue?.path.join(".") || "document"}: ${issue?.message})`);
  }
  const { schemaVersion, run } = parsed.data;
  if (schemaVersion > RESULT_SCHEMA_VERSION) {
    throw refuse(`schemaVersion ${schemaVersion} is newer than this churnlab knows`);
  }
  return {
    variants: run.variants.map(({ name, scenario }) => {
      if (scenario === undefined) {
        throw refuse(
          `it does not say what variant ${name} was asked to do (run.variants.scenario)`,
        );
      }
      const trials = run.trials.filter(({ variant }) => variant === name);
      const places = trials.map(({ facts }) => ({ environment: { facts }, engine: null }));
      return { name, trials: trials.map(toTrial), facts: collectFacts(places), scenario };
    }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toTrial({ block, state, measurements }: BaselineTrial): MeasuredVariant["trials"][number] {
  return {
    block,
    state,
    measurements: Object.entries(measurements).map(([name, value]) => {
      const dot = name.indexOf(".");
      return { role: name.slice(0, dot) as Role, metric: name.slice(dot + 1), value };
    }),
  };
}
