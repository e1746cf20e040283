import { describePlan, planTrials } from "@churnlab/core";
import { readTickRateHz } from "@churnlab/linux";
import { formatPlan } from "@churnlab/report/plan";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { fitScreen } from "../fit-screen.ts";
import { loadScenario, type ScenarioOverrides } from "../load-scenario.ts";
import { terminal } from "../terminal.ts";

interface PlanOptions extends ScenarioOverrides {
  readonly json?: boolean;
}

/** Says what `run` would do, without doing it. */
export function plan(files: readonly string[], options: PlanOptions): ExitCode {
  const facts = { hz: readTickRateHz() };
  const plans = files.map((file) => {
    const scenario = loadScenario(file, options);
    return describePlan(scenario, planTrials(scenario), facts);
  });
  const [only] = plans;
  if (!options.json) terminal.print(fitScreen(plans.map((each) => formatPlan(each)).join("\n\n")));
  else terminal.print(JSON.stringify(plans.length === 1 ? only : plans, null, 2));
  return EXIT.ok;
}
