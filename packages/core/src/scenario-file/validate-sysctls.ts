import { ROLES } from "../role.ts";
import { validateSysctl } from "../sysctl-catalogue/validate-sysctl.ts";
import { DEFAULTS } from "./defaults.ts";
import type { FileSpec } from "./file-spec.ts";
import { childOf, type Located } from "./located.ts";
import type { ProblemList } from "./problem.ts";

export interface SysctlContext {
  readonly spec: FileSpec;
  /** The kernel the scenario is meant for, as uname says it; null when that is not known yet. */
  readonly kernel: string | null;
  readonly problems: ProblemList;
}

/** Checks every sysctl of a merged variant: does it exist, does it belong to a namespace, does it take the value. */
export function validateSysctls(tree: Located, { spec, kernel, problems }: SysctlContext): void {
  const settings = childOf(tree, "sysctls");
  for (const role of ROLES) {
    const values = childOf(settings, role);
    if (values?.kind !== "map") continue;
    for (const [name, { key, value }] of values.entries) {
      const refusal = refuseRole(role, spec);
      if (refusal !== null) problems.add(key, refusal);
      if (value.kind === "broken") continue;
      const text = value.kind === "scalar" ? value.value : undefined;
      const problem = validateSysctl(name, text, kernel);
      if (problem === null) continue;
      problems.add(problem.about === "name" ? key : value.place, problem.message, problem);
    }
  }
}

function refuseRole(role: (typeof ROLES)[number], spec: FileSpec): string | null {
  if (spec.testbed === "external") {
    return "testbed external sets no sysctls: both ends are hosts that are not churnlab's to change";
  }
  const isGateway = (spec.topology ?? DEFAULTS.topology) === "gateway";
  return role === "upstream" && !isGateway
    ? "there is an upstream only with topology: gateway"
    : null;
}
