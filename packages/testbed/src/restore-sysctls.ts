import { applySysctls, type NetworkNamespace } from "@churnlab/linux";
import { orderSysctls } from "./order-sysctls.ts";

/**
 * Writes back what sysctls were, the last read first where the namespace does not want another order. What cannot be written back
 * is thrown when all were tried.
 */
export function restoreSysctls(
  namespace: NetworkNamespace,
  was: Readonly<Record<string, string>>,
): void {
  const failures: unknown[] = [];
  const lastFirst = Object.fromEntries(Object.entries(was).toReversed());
  for (const [name, value] of Object.entries(orderSysctls(namespace, lastFirst))) {
    try {
      applySysctls(namespace, { [name]: value });
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, "sysctls were not restored");
}
