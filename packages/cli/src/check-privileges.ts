import type { Scenario } from "@churnlab/core";
import { endWithStarter, needsReentry } from "@churnlab/linux";
import type { ExitCode } from "./exit-codes.ts";
import { reenter } from "./reenter.ts";

/**
 * Namespaces need CAP_NET_ADMIN. Where this process lacks it, the same command runs once more where it has it; its exit
 * status is returned, or null when this process can do the work itself. `serve`: what this process does meanwhile. Throws `E_CAPABILITY` when neither goes.
 */
export async function checkPrivileges(
  scenarios: readonly Scenario[],
  serve: () => Promise<AsyncDisposable> | null = () => null,
): Promise<ExitCode | null> {
  const needsNamespaces = scenarios.some(({ variants }) =>
    variants.some(({ spec }) => spec.testbed === "netns" && spec.fleet === undefined),
  );
  if (!needsNamespaces) return null;
  if (!needsReentry()) {
    endWithStarter();
    return null;
  }
  await using _served = await serve();
  return await reenter();
}
