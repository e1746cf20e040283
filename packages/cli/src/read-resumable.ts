import { ChurnError } from "@churnlab/core";
import { checkResumable, type StoredRun, splitRunReference } from "@churnlab/store";
import { readScenarioFile } from "./load-scenario.ts";
import { openRun } from "./open-run.ts";
import type { ScenarioJob } from "./run-scenario.ts";
import { VERSION } from "./version.ts";

/**
 * The run that `--resume` means, with its scenario as it was stored. A scenario file may be named too, and must then be
 * the run's own. Throws `E_RESUME`, `E_RUN_UNKNOWN`.
 */
export function readResumable(
  reference: string,
  files: readonly string[],
  defaultFile: string,
): ScenarioJob & { readonly database: string } {
  using opened = openRun(reference, defaultFile);
  const run = opened.store.loadRun(opened.runId);
  for (const file of files) checkSource(file, run);
  checkResumable(run, VERSION);
  return {
    database: splitRunReference(reference).file ?? defaultFile,
    scenario: run.resolved,
    file: files[0] ?? "",
    resumes: run.runId,
  };
}

function checkSource(file: string, { runId, scenario, resolved }: StoredRun): void {
  if (readScenarioFile(file) === resolved.source) return;
  throw new ChurnError(
    "E_RESUME",
    `Run ${runId} was made from another text of the scenario ${scenario} than ${file} has now`,
    {
      hint: `Leave ${file} out: a run goes on with the scenario it has stored. Or start a new run of the file.`,
    },
  );
}
