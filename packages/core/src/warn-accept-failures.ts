import type { Role } from "./role.ts";
import type { Warning } from "./warnings.ts";

/** A doubt about a trial in which a program under test had as many descriptors open as it may: accept() fails then. */
export function warnFullDescriptors(role: Role, open: number, limit: number): Warning[] {
  if (open < limit) return [];
  const message = `${role}: its program had all ${limit} descriptors open that it may have, so it cannot have accepted more: ${REMEDY}`;
  return [{ code: "W_TARGET_DESCRIPTORS", message }];
}

const REMEDY =
  "raise its limit on open files (ulimit -n; of a container, its nofile limit), or ask for fewer connections at once";

/** Errnos of accept(2) that say that no descriptor was free: of the process, or of the machine or a table of its own. */
const NO_DESCRIPTOR = ["EMFILE", "ENFILE"] as const;

/** A doubt about a trial in which a server had no descriptor for what waited, by the growth of its `accept_failures.*`. */
export function warnAcceptFailures(
  role: Role,
  growth: Readonly<Record<string, number>>,
): Warning[] {
  const errnos = NO_DESCRIPTOR.filter((errno) => (growth[`accept_failures.${errno}`] ?? 0) > 0);
  if (errnos.length === 0) return [];
  const message = `${role}: its server had no free descriptor for connections that waited (${errnos.join(" and ")}): ${REMEDY}`;
  return [{ code: "W_TARGET_DESCRIPTORS", message }];
}
