import { ChurnError, type SysctlRecord } from "@churnlab/core";
import {
  applySysctls,
  createNetworkNamespace,
  type NetworkNamespace,
  normaliseSysctlValue,
  readSysctls,
} from "@churnlab/linux";
import { inOrder } from "../netns-hosts.ts";
import type { Container } from "./container.ts";

type Settings = Readonly<Record<string, string>>;

export interface StartedWithSysctls {
  readonly container: Container;
  /** What the engine said against the sysctls; null where it has set them before the program started. */
  readonly refusal: ChurnError | null;
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
    return { container: await start(wanted), refusal: null };
  } catch (error) {
    if (!isRefusal(error) || Object.keys(wanted).length === 0) throw error;
    return { container: await start({}), refusal: error };
  }
}

/** By the engine itself: the last words of a program that ended (`E_TARGET`) may name a sysctl too. */
function isRefusal(error: unknown): error is ChurnError {
  if (!(error instanceof ChurnError) || error.code !== "E_TESTBED") return false;
  return /sysctl|\/proc\/sys/i.test(error.message);
}

/** What the sysctls of a started container are, read back from inside; written first where the engine did not. */
export function recordSysctls(
  namespace: NetworkNamespace,
  wanted: Settings,
  refusal: ChurnError | null,
): SysctlRecord[] {
  if (refusal !== null) return writeInstead(namespace, wanted, refusal);
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

/** Throws what the kernel says to it, with what the engine has said before. */
function writeInstead(
  namespace: NetworkNamespace,
  wanted: Settings,
  refusal: ChurnError,
): SysctlRecord[] {
  try {
    return applySysctls(namespace, inOrder(wanted)).map((change) => ({
      role: "target",
      ...change,
    }));
  } catch (error) {
    if (!(error instanceof ChurnError)) throw error;
    const message = `${error.message}, and the container engine refuses it too: ${refusal.message}`;
    const hints = [error.hint, refusal.hint].filter((hint) => hint !== undefined);
    throw new ChurnError(error.code, message, { hint: hints.join(" "), cause: error });
  }
}
