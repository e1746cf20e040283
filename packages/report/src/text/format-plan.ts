import {
  type FleetNeeds,
  nameLabels,
  type PlanDescription,
  type SysctlChange,
  type TrialSpec,
  type VariantDescription,
} from "@churnlab/core";
import { formatCount, formatNumber } from "@churnlab/core/format-number";
import { wrapText } from "@churnlab/core/wrap-text";

/** Orders longer than this are shown by their beginning. */
const ORDER_SHOWN = 12;

/** A plan as people read it before they run it. */
export function formatPlan(plan: PlanDescription): string {
  return [
    headline(plan),
    "",
    ...table(sysctlRows(plan.variants)),
    "",
    "Port budget",
    ...portBudget(plan.variants),
    ...warnings(plan.variants),
    ...gates(plan),
    "",
    ...needs(plan),
  ].join("\n");
}

function headline({
  scenario,
  variants,
  replicates,
  replicatesMin,
  trials,
  durationMs,
  blocks,
  seed,
}: PlanDescription): string {
  const trialMs = [...new Set(variants.map((variant) => variant.trialMs))];
  const about = variants.some((variant) => variant.mayEndEarly) ? "at most" : "about";
  const each = trialMs.length === 1 ? ` of ${about} ${formatAbout(trialMs[0] ?? 0)}` : "";
  const isOpen = replicatesMin < replicates;
  const times = `${isOpen ? `${replicatesMin} to ` : ""}${formatCount(replicates, "replicate")}`;
  const all = `${isOpen ? "at most " : ""}${formatCount(trials, "trial")}`;
  const names = blocks.flat();
  const shown = names.slice(0, ORDER_SHOWN).join(" · ");
  return [
    `${scenario}: ${formatCount(variants.length, "variant")} × ${times} = ${all}${each}, ${about} ${formatAbout(durationMs)} in all`,
    `order (seed ${seed}): ${shown}${names.length > ORDER_SHOWN ? " …" : ""}`,
  ].join("\n");
}

/** A duration rounded to what an estimate is good for. */
function formatAbout(ms: number): string {
  if (ms < 120_000) return `${Math.max(1, Math.round(ms / 1000))} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Number((ms / 3_600_000).toFixed(1))} h`;
}

/** What all variants set comes first, once; then what each sets besides. */
function sysctlRows(variants: readonly VariantDescription[]): string[][] {
  const counts = Map.groupBy(
    variants.flatMap(({ sysctls }) => sysctls),
    keyOf,
  );
  const isShared = (change: SysctlChange): boolean =>
    variants.length > 1 && counts.get(keyOf(change))?.length === variants.length;
  const shared = (variants[0]?.sysctls ?? []).filter(isShared);
  return [
    ["variant", "who", "sysctl", "default", "set to"],
    ...(shared.length === 0 ? [] : changeRows("every variant", shared)),
    ...variants.flatMap(({ name, baseline, sysctls }) => {
      const own = sysctls.filter((change) => !isShared(change));
      return changeRows(baseline && name !== "baseline" ? `${name} (baseline)` : name, own);
    }),
  ];
}

function keyOf({ role, name, value }: SysctlChange): string {
  return `${role} ${name} ${value}`;
}

function changeRows(title: string, changes: readonly SysctlChange[]): string[][] {
  if (changes.length === 0) return [[title, "–", "", "", ""]];
  return changes.map((change, i) => [
    i === 0 ? title : "",
    change.role,
    change.name,
    change.default === "" ? "(empty)" : (change.default ?? "?"),
    change.value === "" ? "(empty)" : change.value,
  ]);
}

/** Columns padded to their widest cell, two spaces apart. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** What ports allow, once for all variants of which the same is said. */
function portBudget(variants: readonly VariantDescription[]): string[] {
  const byText = Map.groupBy(variants, ({ ports, gatewayPorts }) => {
    if (gatewayPorts !== null) return `The target, towards its upstream: ${gatewayPorts.sentence}`;
    return ports.kind === "predicted" ? ports.sentence : `No prediction: ${ports.reason}.`;
  });
  return [...byText].flatMap(([text, group]) => [
    `  ${nameVariants(group, variants)}`,
    ...wrapText(text, "    "),
  ]);
}

function nameVariants(
  some: readonly VariantDescription[],
  all: readonly VariantDescription[],
): string {
  if (some.length === all.length && all.length > 1) return "every variant";
  return some.map(({ name }) => name).join(", ");
}

function warnings(variants: readonly VariantDescription[]): string[] {
  const byMessage = Map.groupBy(
    variants.flatMap((variant) => variant.warnings.map(({ message }) => ({ variant, message }))),
    ({ message }) => message,
  );
  if (byMessage.size === 0) return [];
  const lines = [...byMessage].flatMap(([message, where]) => {
    const group = where.map(({ variant }) => variant);
    const names = group.length === variants.length ? "" : `${nameVariants(group, variants)}: `;
    return wrapText(`${names}${message}`, "  ! ");
  });
  return ["", "Settings without effect", ...lines];
}

/** How many blocks the gates against a variant ask for, and whether the plan has them. */
function gates({ gateBlocks, replicates }: PlanDescription): string[] {
  if (gateBlocks === null) return [];
  const { comparisons, canFail, findsChange } = gateBlocks;
  const asked = `${formatCount(comparisons, "comparison")} with a baseline: one can fail from ${canFail} replicates on; with ${findsChange} it finds a change of twice its margin in 99 of 100 runs (noise of 3 % per trial)`;
  const short = replicates < canFail ? `; with ${replicates} none can fail` : "";
  return ["", "Gates", ...wrapText(`${asked}${short}`, short === "" ? "  " : "  ! ")];
}

function describeFleet(fleet: FleetNeeds): string {
  const { agents, labels, sourcesPerAgent, workersPerAgent, targetLabels, targetImages } = fleet;
  const workers = workersPerAgent === null ? "" : ` and ${formatCount(workersPerAgent, "worker")}`;
  return [
    `${formatCount(agents, "agent")} for load${nameLabels(labels)}, ${formatCount(sourcesPerAgent, "source")}${workers} each`,
    `and one for the target${nameLabels(targetLabels)}${nameImages(targetImages)}: run --nats URL`,
  ].join(", ");
}

function nameImages(images: readonly (string | null)[]): string {
  if (images.length === 0) return "";
  const named = images.map((image) => image ?? "churnlab's own server");
  return ` in a container of ${named.join(" or ")}, which its own file has to allow`;
}

const PRIVILEGES: Readonly<Record<TrialSpec["testbed"], string>> = {
  netns:
    "testbed netns (CAP_NET_ADMIN, or user namespaces; nothing changes outside the trial's own)",
  docker: "testbed docker (a Docker daemon; nothing changes outside the trial's own containers)",
  external: "testbed external (a server of yours; nothing is set on either host)",
};

function needs({ needs: { testbeds, fleet, openFiles } }: PlanDescription): string[] {
  return [
    ...(fleet === null ? [] : [`Needs   ${describeFleet(fleet)}`]),
    ...(fleet === null ? testbeds : []).map((testbed) => `Needs   ${PRIVILEGES[testbed]}`),
    `Needs   open files ≥ ${formatNumber(openFiles)}`,
  ];
}
