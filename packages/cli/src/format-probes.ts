import { PROBE_GROUPS, type ProbeGroup, type ProbeResult, type ProbeStatus } from "@churnlab/linux";
import type { Style } from "@churnlab/report";

const TITLES: Readonly<Record<ProbeGroup, string>> = {
  base: "Runtime",
  testbed: "Namespaces",
  traffic: "Traffic",
  observation: "Observation",
  containers: "Containers",
};

/** A line per probe: what was seen, what it is for, and the fix where there is something to mend. */
export function formatProbes(results: readonly ProbeResult[], style: Style): string {
  const groups = PROBE_GROUPS.flatMap((group) => {
    const ofGroup = results.filter((result) => result.group === group);
    if (ofGroup.length === 0) return [];
    return [
      style.strong(TITLES[group]),
      ...ofGroup.flatMap((result) => formatProbe(result, style)),
    ];
  });
  return [...groups, "", summarise(results)].join("\n");
}

function formatProbe(result: ProbeResult, style: Style): string[] {
  const { id, status, what, why, fix } = result;
  const line = `  ${markOf(status, style)} ${id}: ${what}  ${style.quiet(`— ${why}`)}`;
  return fix === null ? [line] : [line, `      fix: ${fix}`];
}

function markOf(status: ProbeStatus, style: Style): string {
  switch (status) {
    case "ok":
      return style.good("✓");
    case "warn":
      return style.doubt("!");
    case "fail":
      return style.bad("✗");
    case "absent":
      return "–";
  }
}

function summarise(results: readonly ProbeResult[]): string {
  const failed = results.filter(({ status }) => status === "fail").map(({ id }) => id);
  const testbed = results.filter(({ group }) => group === "testbed" || group === "base");
  const ready = testbed.every(({ status }) => status !== "fail");
  const head = ready ? "Ready: trials can run in namespaces here." : "Not ready for trials.";
  return failed.length === 0 ? head : `${head} Failed: ${failed.join(", ")}.`;
}
