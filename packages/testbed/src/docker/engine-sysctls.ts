import { ChurnError, type SysctlRecord } from "@churnlab/core";
import {
  applySysctls,
  createNetworkNamespace,
  type NetworkNamespace,
  normaliseSysctlValue,
  readSysctls,
} from "@churnlab/linux";
import { orderSysctls } from "../order-sysctls.ts";
import type { Container } from "./container.ts";

type Settings = Readonly<Record<string, string>>;

export interface StartedWithSysctls {
  readonly container: Container;
  /** What the engine said against the sysctls; null where it has set them before the program started. */
  readonly refusal: ChurnError | null;
}

/**
 * They act on a socket when it is made or begins to listen, and what a listener accepts inherits them: listen(2) for the
 * backlog, `tcp_init_sock` and `tcp_ca_openreq_child` for the others. Written afterwards they would be read back and do nothing.
 */
const OF_LISTENERS: ReadonlySet<string> = new Set([
  "net.core.somaxconn",
  "net.ipv4.tcp_congestion_control",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_wmem",
]);

/**
 * Starts a container with sysctls set by the engine, as a user would; where the engine refuses one, with those alone that
 * have to be there before its program listens, and the others are to be written into its namespace. Throws `E_TESTBED` where
 * the engine refuses one of those.
 */
export async function startWithSysctls(
  start: (sysctls: Settings) => Promise<Container>,
  wanted: Settings,
): Promise<StartedWithSysctls> {
  try {
    return { container: await start(wanted), refusal: null };
  } catch (error) {
    if (!isRefusal(error) || Object.keys(wanted).length === 0) throw error;
    const { early } = split(wanted);
    try {
      return { container: await start(early), refusal: error };
    } catch (again) {
      throw isRefusal(again) ? tooLate(again, Object.keys(early)) : again;
    }
  }
}

function split(wanted: Settings): { readonly early: Settings; readonly late: Settings } {
  const of = (isEarly: boolean): Settings =>
    Object.fromEntries(
      Object.entries(wanted).filter(([name]) => OF_LISTENERS.has(name) === isEarly),
    );
  return { early: of(true), late: of(false) };
}

function tooLate(refusal: ChurnError, names: readonly string[]): ChurnError {
  const why =
    "which counts when its program begins to listen and so cannot be written afterwards, and the container engine refuses to set it";
  return new ChurnError(
    refusal.code,
    `The container needs ${names.join(" and ")}, ${why}: ${refusal.message}`,
    {
      ...(refusal.hint === undefined ? {} : { hint: refusal.hint }),
      cause: refusal,
    },
  );
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
  if (refusal === null) return readBack(namespace, wanted);
  const { early, late } = split(wanted);
  return [...readBack(namespace, early), ...writeInstead(namespace, late, refusal)];
}

function readBack(namespace: NetworkNamespace, set: Settings): SysctlRecord[] {
  const names = Object.keys(set);
  if (names.length === 0) return [];
  const effective = readSysctls(namespace, names);
  using fresh = createNetworkNamespace();
  const initial = readSysctls(fresh, names);
  return Object.entries(set).map(([name, value]) => ({
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
    const changes = applySysctls(namespace, orderSysctls(namespace, wanted));
    return changes.map((change) => ({ role: "target", ...change }));
  } catch (error) {
    if (!(error instanceof ChurnError)) throw error;
    const message = `${error.message}, and the container engine refuses it too: ${refusal.message}`;
    const hints = [error.hint, refusal.hint].filter((hint) => hint !== undefined);
    throw new ChurnError(error.code, message, { hint: hints.join(" "), cause: error });
  }
}
