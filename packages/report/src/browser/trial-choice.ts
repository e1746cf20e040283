import { h, type JSX } from "preact";
import type { TrialSeries } from "../charts/trial-series.ts";
import { Fold } from "../html/parts/data-table.ts";

export interface TrialChoiceProps {
  readonly trials: readonly TrialSeries[];
  /** The ids of the trials that are drawn. */
  readonly shown: { value: readonly number[] };
}

/** With more variants than this, the choice is folded away. */
const OPEN_VARIANTS_MAX = 8;

/** The trials of these variants with this replicate, or their first where there is none. */
function chooseTrials(
  trials: readonly TrialSeries[],
  names: ReadonlySet<string>,
  replicate: number,
): number[] {
  return [...names].flatMap((name) => {
    const own = trials.filter(({ variant }) => variant === name);
    return (own.find((trial) => trial.replicate === replicate) ?? own[0])?.trialId ?? [];
  });
}

/** Draws the replicate before or after the one that is drawn, of the same variants. */
export function stepReplicate({ trials, shown }: TrialChoiceProps, by: 1 | -1): void {
  const { names, current } = readChoice({ trials, shown });
  const replicates = listReplicates(trials);
  const next = replicates[replicates.indexOf(current) + by];
  if (next !== undefined) shown.value = chooseTrials(trials, names, next);
}

/** What is drawn: variants in the order of the scenario, and the replicate of the first. */
function readChoice({ trials, shown }: TrialChoiceProps): {
  readonly names: ReadonlySet<string>;
  readonly current: number;
} {
  const chosen = shown.value.flatMap((id) => trials.find(({ trialId }) => trialId === id) ?? []);
  const current = chosen[0]?.replicate ?? listReplicates(trials)[0] ?? 0;
  return { names: new Set(chosen.map(({ variant }) => variant)), current };
}

function listReplicates(trials: readonly TrialSeries[]): number[] {
  return [...new Set(trials.map(({ replicate }) => replicate))].toSorted((a, b) => a - b);
}

/** Which variants are drawn, and which of their replicates. */
export function TrialChoice({ trials, shown }: TrialChoiceProps): JSX.Element {
  const variants = [...new Set(trials.map(({ variant }) => variant))];
  const replicates = listReplicates(trials);
  const { names, current } = readChoice({ trials, shown });
  const show = (wanted: ReadonlySet<string>, replicate: number): void => {
    const ordered = variants.filter((name) => wanted.has(name));
    shown.value = chooseTrials(trials, new Set(ordered), replicate);
  };
  const boxes = h(
    "fieldset",
    null,
    h("legend", null, "Variants "),
    variants.map((name) =>
      h(
        "label",
        { key: name },
        h("input", {
          type: "checkbox",
          checked: names.has(name),
          onChange: () => show(toggle(names, name), current),
        }),
        name,
      ),
    ),
  );
  return h(
    "div",
    null,
    replicates.length < 2
      ? null
      : h(
          "label",
          null,
          "Replicate ",
          h(
            "select",
            {
              value: String(current),
              onChange: (event: Event) =>
                show(names, Number((event.currentTarget as HTMLSelectElement).value)),
            },
            replicates.map((replicate) =>
              h("option", { key: replicate, value: String(replicate) }, String(replicate)),
            ),
          ),
        ),
    variants.length < 2
      ? null
      : variants.length > OPEN_VARIANTS_MAX
        ? h(Fold, { title: `Variants: ${names.size} of ${variants.length}` }, boxes)
        : boxes,
  );
}

function toggle(names: ReadonlySet<string>, name: string): ReadonlySet<string> {
  const others = [...names].filter((other) => other !== name);
  return new Set(names.has(name) ? others : [...others, name]);
}
