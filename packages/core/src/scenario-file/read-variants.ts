import { type Axis, countCombinations, expandMatrix, type VariantDraft } from "../expand-matrix.ts";
import { resolveTrialPath } from "./field-path.ts";
import { childOf, entryOf, type Located, type LocatedEntry, lookUp } from "./located.ts";
import { mergeLocated } from "./merge-located.ts";
import type { ProblemList } from "./problem.ts";
import { SPEC_SECTIONS } from "./schema.ts";

const VARIANTS_MAX = 256;

/** The variants of a scenario, merged over it and multiplied by its matrix; exactly one is the baseline. */
export function readVariants(root: Located, problems: ProblemList): VariantDraft[] {
  const base = pickSpec(root);
  const explicit = readExplicit(root, base);
  const axes = readAxes(root, problems);
  refuseOverruled(root, axes, problems);
  const count = countCombinations(explicit.length, axes);
  const matrix = entryOf(root, "matrix");
  if (count > VARIANTS_MAX && matrix !== null) {
    const message = `the matrix makes ${count} variants; at most ${VARIANTS_MAX} can be compared`;
    problems.add(matrix.key, message);
    return explicit;
  }
  refuseDuplicates(explicit, problems);
  refuseSecondBaseline(explicit, problems);
  return markBaseline(expandMatrix(explicit, axes));
}

function readExplicit(root: Located, base: Located): VariantDraft[] {
  const list = childOf(root, "variants");
  const items = list?.kind === "list" ? list.items : [];
  const drafts = items.flatMap((item) => {
    const name = childOf(item, "name");
    if (name?.kind !== "scalar") return [];
    const baseline = childOf(item, "baseline");
    return {
      name: String(name.value),
      place: name.place,
      baseline: baseline?.kind === "scalar" && baseline.value === true,
      tree: mergeLocated(base, pickSpec(item)),
    };
  });
  if (drafts.length > 0) return drafts;
  return [{ name: "baseline", place: root.place, baseline: true, tree: base }];
}

function pickSpec(node: Located): Located {
  if (node.kind !== "map") return node;
  const entries = [...node.entries].filter(([key]) => SPEC_SECTIONS.includes(key));
  return { ...node, entries: new Map(entries) };
}

function readAxes(root: Located, problems: ProblemList): Axis[] {
  const matrix = childOf(root, "matrix");
  if (matrix?.kind !== "map") return [];
  return [...matrix.entries].flatMap(([path, { key, value }]: [string, LocatedEntry]) => {
    const resolved = resolveTrialPath(path);
    if (!resolved.known) {
      const { suggestion } = resolved;
      problems.add(key, `the matrix varies ${path}, which is no field of a trial`, { suggestion });
      return [];
    }
    return value.kind === "list" ? [{ steps: resolved.steps, key, values: value.items }] : [];
  });
}

/** A variant that sets what an axis varies would be overruled without a word. */
function refuseOverruled(root: Located, axes: readonly Axis[], problems: ProblemList): void {
  const list = childOf(root, "variants");
  if (list?.kind !== "list") return;
  for (const item of list.items) {
    for (const { steps } of axes) {
      const { key, exact } = lookUp(item, steps);
      if (exact && key !== null) {
        problems.add(key, `the matrix varies ${steps.join(".")} too; set it in one of the two`);
      }
    }
  }
}

function refuseDuplicates(drafts: readonly VariantDraft[], problems: ProblemList): void {
  const seen = new Set<string>();
  for (const { name, place } of drafts) {
    if (seen.has(name)) problems.add(place, `a second variant is named ${name}`);
    seen.add(name);
  }
}

function refuseSecondBaseline(drafts: readonly VariantDraft[], problems: ProblemList): void {
  const [first, ...others] = drafts.filter(({ baseline }) => baseline);
  for (const { name, place } of others) {
    problems.add(place, `${name} is a second baseline; ${first?.name} is one already`);
  }
}

/** The first is the baseline unless one says that it is. */
function markBaseline(drafts: readonly VariantDraft[]): VariantDraft[] {
  const baseline = drafts.find((draft) => draft.baseline) ?? drafts[0];
  return drafts.map((draft) => ({ ...draft, baseline: draft === baseline }));
}
