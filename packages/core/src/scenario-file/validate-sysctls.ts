import { ROLES } from "../role.ts";
import { validateSysctl } from "../sysctl-catalogue/validate-sysctl.ts";
import { findSysctl } from "../sysctl-catalogue.ts";
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
    refuseOverlap(values, problems);
  }
}

const RANGE = "net.ipv4.ip_local_port_range";
const PORT_START = "net.ipv4.ip_unprivileged_port_start";

/** The kernel keeps the local port range at or above the first unprivileged port (net/ipv4/sysctl_net_ipv4.c). */
function refuseOverlap(values: Located, problems: ProblemList): void {
  const low = firstNumber(values, RANGE);
  const start = firstNumber(values, PORT_START);
  const place = (childOf(values, RANGE) ?? childOf(values, PORT_START))?.place;
  if (place === undefined || low === null || start === null || low >= start || low < 1) return;
  const message = `the port range may not begin at ${low}, below ip_unprivileged_port_start = ${start}`;
  problems.add(place, message, { code: "E_SYSCTL_VALUE" });
}

/** The first number of a setting, or of its default; null when it is not a number. */
function firstNumber(values: Located, name: string): number | null {
  const node = childOf(values, name);
  if (node !== null && node.kind !== "scalar") return null;
  const text = String(node?.value ?? findSysctl(name)?.default).trim();
  const number = Number(/^\d+/.exec(text)?.[0] ?? Number.NaN);
  return Number.isNaN(number) ? null : number;
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
