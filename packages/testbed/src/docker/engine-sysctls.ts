import { ChurnError, type SysctlRecord } from "@churnlab/core";
import {
  applySysctls,
  createNetworkNamespace,
  type NetworkNamespace,
  normaliseSysctlValue,
  readSysctls,
} from "@churnlab/linux";
import type { Container } from "./container.ts";

type Settings = Readonly<Record<string, string>>;

export interface StartedWithSysctls {
  readonly container: Container;
  /** Who wrote them: the engine before the program started, or churnlab into its namespace afterwards. */
  readonly means: "engine" | "setns";
}

/**
 * Starts a container with sysctls set by the engine, as a user would; where the engine refuses one, without any, and then
 * they are to be written into its namespace. A sysctl that counts when a program starts to listen may come too late then.
 */
export async function startWithSysctls(
  start: (sysctls: Settings) => Promise<Container>,
  wanted: Settings,
): Promise<StartedWithSysctls> {
  try {
    return { container: await start(wanted), means: "engine" };
  } catch (error) {
    const isRefusal = error instanceof ChurnError && /sysctl/i.test(error.message);
    if (!isRefusal || Object.keys(wanted).length === 0) throw error;
    return { container: await start({}), means: "setns" };
  }
}

/** What the sysctls of a started container are, read back from inside; written first where the engine did not. */
export function recordSysctls(
  namespace: NetworkNamespace,
  wanted: Settings,
  means: StartedWithSysctls["means"],
): SysctlRecord[] {
  if (means === "setns") {
    return applySysctls(namespace, wanted).map((change) => ({ role: "target", ...change }));
  }
  const names = Object.keys(wanted);
  const effective = readSysctls(namespace, names);
  using fresh = createNetworkNamespace();
  const initial = readSysctls(fresh, names);
  return Object.entries(wanted).map(([name, value]) => ({
    role: "target",
    name,
    was: initial[name] ?? "",
    requested: normaliseSysctlValue(value),
    effective: effective[name] ?? "",
  }));
}
