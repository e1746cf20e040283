import type { StoredRun } from "@churnlab/store";
import { formatCount } from "./format-value.ts";

/** Where a run was made and with what, in the order in which every header tells it: kernel, processors, testbed, engine. */
export function describeSetting({ environment, variantList, trialList }: StoredRun): string[] {
  const facts = environment?.facts ?? {};
  const kernel = facts["kernel.release"];
  const cpus = facts["cpu.count"];
  const engines = trialList.map(({ engine }) => engine).filter((engine) => engine !== null);
  return [
    ...(kernel === undefined ? [] : [`Linux ${kernel}`]),
    ...(cpus === undefined ? [] : [formatCount(Number(cpus), "CPU")]),
    listDistinct(variantList.map(({ spec }) => spec.testbed)),
    ...(engines.length === 0 ? [] : [`engine ${listDistinct(engines)}`]),
  ];
}

function listDistinct(values: readonly string[]): string {
  return [...new Set(values)].join(", ");
}
