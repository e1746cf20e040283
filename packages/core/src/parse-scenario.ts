import { BLOCKS_MAX } from "./comparison/should-add-blocks.ts";
import type { VariantDraft } from "./expand-matrix.ts";
import { listSome } from "./list-some.ts";
import type { Gate, Scenario, SourceOverrides, Variant } from "./scenario.ts";
import { applySettings } from "./scenario-file/apply-settings.ts";
import { checkShape, placeOf } from "./scenario-file/check-shape.ts";
import { DEFAULTS } from "./scenario-file/defaults.ts";
import type { FileHeader, FileSpec } from "./scenario-file/file-spec.ts";
import { hasBroken, type Located, lookUp, toPlain } from "./scenario-file/located.ts";
import { openSource, wholePlace } from "./scenario-file/place.ts";
import { ProblemList } from "./scenario-file/problem.ts";
import { readDocument } from "./scenario-file/read-document.ts";
import { readGates } from "./scenario-file/read-gates.ts";
import { readVariants } from "./scenario-file/read-variants.ts";
import { resolveSpec } from "./scenario-file/resolve-spec.ts";
import { scenarioFileSchema, specSchema } from "./scenario-file/schema.ts";
import { type Report, validateSpec } from "./scenario-file/validate-spec.ts";
import { validateSysctls } from "./scenario-file/validate-sysctls.ts";
import { suggestName } from "./suggest-name.ts";

export interface ParseOptions {
  /** `path=value` written over the file before it is checked. */
  readonly set?: readonly string[] | undefined;
  /** Names of the variants to keep, in lists separated by commas; all when absent or empty. */
  readonly only?: readonly string[] | undefined;
  readonly replicates?: number | "auto" | undefined;
  readonly seed?: number | undefined;
  /** The kernel that will run it, as uname says (`6.18.44`): sysctls that came later are then refused. */
  readonly kernel?: string | undefined;
}

/**
 * Reads a scenario file (`file` is its name as people know it). Throws a `ScenarioError` that lists every problem with
 * its place, or `E_SCENARIO_FILE` when the text is no scenario at all.
 */
export function parseScenario(text: string, file: string, options: ParseOptions = {}): Scenario {
  const problems = new ProblemList(file);
  const document = readDocument(text, file, problems);
  if (document === null) return fail(problems);
  const settings = [...(options.set ?? []), ...overrides(options)];
  const root = checkShape(
    applySettings(document, settings, problems),
    scenarioFileSchema,
    problems,
  );
  const drafts = readVariants(root, problems);
  const variants = drafts.flatMap((draft) => readVariant(draft, options.kernel ?? null, problems));
  const gates = readGates(
    root,
    drafts.map(({ name }) => name),
    problems,
  );
  const kept = selectVariants(drafts, options.only ?? [], problems);
  problems.throwIfAny();
  const header = toPlain(root) as FileHeader;
  return {
    version: 1,
    name: header.name as string,
    description: header.description ?? DEFAULTS.description,
    variants: keepBaseline(variants.filter(({ name }) => kept.has(name))),
    replicates:
      header.replicates === "auto" ? BLOCKS_MAX : (header.replicates ?? DEFAULTS.replicates),
    autoReplicates: header.replicates === "auto",
    seed: header.seed ?? DEFAULTS.seed,
    attempts: header.attempts ?? DEFAULTS.attempts,
    soak: header.soak ?? DEFAULTS.soak,
    gates: gates.filter((gate) => isJudgeable(gate, kept)),
    source: text,
    ...recordOverrides(options),
  };
}

/** The seed is no part of it: a scenario states its own. */
function recordOverrides({ set = [], only = [], replicates }: ParseOptions): {
  readonly overrides?: SourceOverrides;
} {
  const isAsWritten = set.length === 0 && only.length === 0 && replicates === undefined;
  return isAsWritten ? {} : { overrides: { set, only, replicates: replicates ?? null } };
}

function fail(problems: ProblemList): never {
  problems.throwIfAny();
  throw new Error("a scenario was refused without a problem");
}

function overrides({ replicates, seed }: ParseOptions): string[] {
  const settings = [];
  if (replicates !== undefined) settings.push(`replicates=${replicates}`);
  if (seed !== undefined) settings.push(`seed=${seed}`);
  return settings;
}

/** Empty when the variant has problems; they are in the list then. */
function readVariant(
  draft: VariantDraft,
  kernel: string | null,
  problems: ProblemList,
): readonly Variant[] {
  const tree = checkShape(draft.tree, specSchema, problems);
  const result = specSchema.safeParse(toPlain(tree));
  if (!result.success) return [];
  const spec: FileSpec = result.data;
  const before = problems.count;
  validateSpec(spec, reportAt(tree, problems));
  validateSysctls(tree, { spec, kernel, problems });
  if (problems.count > before) return [];
  return [{ name: draft.name, baseline: draft.baseline, spec: resolveSpec(spec) }];
}

/** What is missing from a section that has a broken part is most likely that part: it was complained of already. */
function reportAt(tree: Located, problems: ProblemList): Report {
  return (path, message, suggestion) => {
    const { node, exact } = lookUp(tree, path);
    if (!exact && hasBroken(node)) return;
    problems.add(placeOf(tree, path), message, { suggestion: suggestion ?? null });
  };
}

/** The names that `--only` asks for. Names may contain commas, so the longest name that fits is taken first. */
function selectVariants(
  drafts: readonly VariantDraft[],
  only: readonly string[],
  problems: ProblemList,
): ReadonlySet<string> {
  const names = drafts.map(({ name }) => name);
  const byLength = names.toSorted((a, b) => b.length - a.length);
  const kept = new Set<string>();
  for (const list of only) {
    let rest = list;
    while (rest !== "") {
      const name = byLength.find((known) => rest === known || rest.startsWith(`${known},`));
      const wanted = name ?? rest.replace(/,.*/s, "");
      if (name === undefined) {
        const suggestion = suggestName(wanted, names);
        const others = suggestion === null ? `; there are ${listSome(names)}` : "";
        const place = {
          ...wholePlace(openSource("--only", list)),
          start: list.length - rest.length,
        };
        const end = place.start + wanted.length;
        problems.add({ ...place, end }, `no variant is named ${wanted}${others}`, { suggestion });
      } else kept.add(name);
      rest = rest.slice(wanted.length + 1).trimStart();
    }
  }
  return kept.size === 0 ? new Set(names) : kept;
}

/** Without the scenario's baseline, the first of what is left is compared with. */
function keepBaseline(variants: readonly Variant[]): Variant[] {
  const hasBaseline = variants.some(({ baseline }) => baseline);
  return variants.map((variant, i) =>
    hasBaseline || i > 0 ? variant : { ...variant, baseline: true },
  );
}

function isJudgeable({ variant, bound }: Gate, kept: ReadonlySet<string>): boolean {
  const isKept = variant === null || kept.has(variant);
  const isKnown =
    bound.kind !== "against" || bound.baseline === "baseline" || kept.has(bound.baseline);
  return isKept && isKnown;
}
