import { applySysctls, type NetworkNamespace } from "@churnlab/linux";

/** Writes back what sysctls were, the last read first. What cannot be written back is thrown when all were tried. */
export function restoreSysctls(
  namespace: NetworkNamespace,
  was: Readonly<Record<string, string>>,
): void {
  const failures: unknown[] = [];
  for (const [name, value] of Object.entries(was).toReversed()) {
    try {
      applySysctls(namespace, { [name]: value });
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, "sysctls were not restored");
}
