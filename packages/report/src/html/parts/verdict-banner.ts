import { h, type JSX } from "preact";
import type { RunVerdict } from "../describe-verdict.ts";
import { Fold } from "./data-table.ts";
import { Mark } from "./mark.ts";
import { words } from "./words.ts";

const WORDS = { good: "good", bad: "failed", doubt: "in doubt", none: "no claim" } as const;

/** What the run says in one sentence, and what follows from it. */
export function VerdictBanner({ verdict }: { readonly verdict: RunVerdict }): JSX.Element {
  const { tone, headline, sentences, notes } = verdict;
  return h(
    "section",
    { class: `verdict ${tone}`, id: "verdict", "aria-label": `Verdict: ${WORDS[tone]}` },
    h("p", { class: "headline" }, h(Mark, { tone }, words(headline))),
    h(Sentences, { sentences, noun: "findings" }),
    h(Sentences, { sentences: notes, noun: "notes" }),
  );
}

/** More sentences than this are folded away. */
const OPEN_SENTENCES_MAX = 6;

function Sentences({
  sentences,
  noun,
}: {
  readonly sentences: readonly string[];
  readonly noun: string;
}): JSX.Element | null {
  if (sentences.length === 0) return null;
  const list = h(
    "ul",
    { class: noun },
    sentences.map((sentence) => h("li", { key: sentence }, words(sentence))),
  );
  return sentences.length <= OPEN_SENTENCES_MAX
    ? list
    : h(Fold, { title: `Show ${sentences.length} ${noun}` }, list);
}
