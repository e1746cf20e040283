import type { Alias, Document, Node, Pair, Scalar, YAMLMap } from "yaml";
import { isAlias, isMap, isScalar, isSeq, parseDocument } from "yaml";
import { ChurnError } from "../errors.ts";
import type { Located, LocatedEntry, ScalarValue } from "./located.ts";
import { openSource, type Place, type SourceText, wholePlace } from "./place.ts";
import type { ProblemList } from "./problem.ts";

/** A scenario is a page of text; a larger file is refused before it is parsed. */
const SCENARIO_CHARACTERS_MAX = 1_000_000;

/** Bounds on what aliases may expand to, far above any scenario written by a person. */
const NODES_MAX = 50_000;
const DEPTH_MAX = 32;

/** After this many complaints of the YAML parser, the rest are consequences. */
const SYNTAX_PROBLEMS_MAX = 10;
/** A file that is no YAML at all may have one for every character. */
const COMPLAINTS_READ = 50;

/**
 * Reads a scenario file into located values. Problems of syntax are added to the list and end the reading: the result
 * is then null. A text that is no scenario at all (empty, binary, too large) throws `E_SCENARIO_FILE`.
 */
export function readDocument(text: string, name: string, problems: ProblemList): Located | null {
  refuseForeign(text, name);
  const source = openSource(name, text);
  const root = readYaml(source, text, problems);
  if (root === null || root.kind === "map") return root;
  if (root.kind === "scalar" && root.value === null) throw foreign(name, "is empty");
  problems.add(root.place, "a scenario is a mapping of keys such as version, name and workload");
  return null;
}

/** Reads YAML 1.2; null when it has problems of syntax. `text` is the source's own, or of the same length. */
export function readYaml(source: SourceText, text: string, problems: ProblemList): Located | null {
  const document = parseYaml(text);
  if (document === null) {
    problems.add(wholePlace(source), "YAML: nested too deeply");
    return null;
  }
  const { errors, warnings, contents } = document;
  const complaints = firstOfEachLine([...errors, ...warnings].slice(0, COMPLAINTS_READ), text);
  for (const { message, pos, code } of complaints.slice(0, SYNTAX_PROBLEMS_MAX)) {
    const place = { source, start: pos[0], end: Math.max(pos[1], pos[0] + 1) };
    problems.add(place, `YAML: ${plainMessages[code] ?? message}`);
  }
  if (errors.length + warnings.length > 0) return null;
  if (contents === null) return { kind: "scalar", place: wholePlace(source), value: null };
  return new Reader(source, problems).read(contents, 0);
}

/** Two complaints of one line are one mistake. */
function firstOfEachLine<T extends { readonly pos: readonly [number, number] }>(
  complaints: readonly T[],
  text: string,
): T[] {
  const lines = new Set<number>();
  return complaints.filter(({ pos: [start] }) => {
    const line = text.slice(0, start).split("\n").length;
    const isFirst = !lines.has(line);
    lines.add(line);
    return isFirst;
  });
}

function refuseForeign(text: string, name: string): void {
  let reason: string | null = null;
  if (text.length > SCENARIO_CHARACTERS_MAX) {
    reason = `has ${text.length} characters; a scenario has at most ${SCENARIO_CHARACTERS_MAX}`;
  } else if (text.includes("\0")) reason = "is not a text file";
  else if (text.trim() === "") reason = "is empty";
  if (reason !== null) throw foreign(name, reason);
}

function foreign(name: string, reason: string): ChurnError {
  return new ChurnError("E_SCENARIO_FILE", `${name} ${reason}`, {
    hint: "Write one with `churnlab new`, or look at scenarios/quickstart.yaml.",
  });
}

const plainMessages: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: "a scenario is one document; remove what follows `---`",
  TAB_AS_INDENT: "a tab is not allowed as indentation; use spaces",
  BLOCK_AS_IMPLICIT_KEY: "a second `key:` on one line; quote the text or start a new line",
  RESOURCE_EXHAUSTION: "nested too deeply",
};

/** Null when the parser ran out of stack. Duplicate keys are found by the reader, in linear time. */
function parseYaml(text: string): Document | null {
  try {
    return parseDocument(text, {
      version: "1.2",
      uniqueKeys: false,
      prettyErrors: false,
    });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Turns YAML nodes into located values, resolving aliases within bounds. */
class Reader {
  readonly #source: SourceText;
  readonly #problems: ProblemList;
  readonly #anchors = new Map<string, Node>();
  #nodes = 0;
  #aliasDepth = 0;

  constructor(source: SourceText, problems: ProblemList) {
    this.#source = source;
    this.#problems = problems;
  }

  read(node: unknown, depth: number): Located {
    const place = this.#placeOf(node as Node);
    if (depth > DEPTH_MAX || ++this.#nodes > NODES_MAX) {
      const what = depth > DEPTH_MAX ? `nested deeper than ${DEPTH_MAX}` : "expands without end";
      if (this.#nodes <= NODES_MAX + 1) this.#problems.add(place, `this is ${what}`);
      return { kind: "broken", place };
    }
    if (isAlias(node)) return this.#readAlias(node, depth);
    if (this.#aliasDepth === 0 && (node as Scalar).anchor !== undefined) {
      this.#anchors.set((node as Scalar).anchor as string, node as Node);
    }
    if (isMap(node)) return this.#readMap(node, depth);
    if (isSeq(node)) {
      return { kind: "list", place, items: node.items.map((item) => this.read(item, depth + 1)) };
    }
    return { kind: "scalar", place, value: readScalar(node) };
  }

  #readAlias(alias: Alias, depth: number): Located {
    const place = this.#placeOf(alias);
    const anchored = this.#anchors.get(alias.source);
    if (anchored === undefined) {
      this.#problems.add(place, `no anchor &${alias.source} stands before this alias`);
      return { kind: "broken", place };
    }
    this.#aliasDepth++;
    const value = this.read(anchored, depth + 1);
    this.#aliasDepth--;
    return value;
  }

  #readMap(map: YAMLMap, depth: number): Located {
    const entries = new Map<string, LocatedEntry>();
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const key = this.#placeOf(pair.key);
      if (!isScalar(pair.key)) {
        this.#problems.add(key, "a key is a name, not a list or mapping");
        continue;
      }
      const name = pair.key.source ?? String(pair.key.value);
      if (entries.has(name)) {
        this.#problems.add(key, `duplicate key ${name}`);
        continue;
      }
      const value: Located =
        pair.value === null
          ? { kind: "scalar", place: key, value: null }
          : this.read(pair.value, depth + 1);
      entries.set(name, { key, value });
    }
    return { kind: "map", place: this.#placeOf(map), entries };
  }

  #placeOf(node: Node): Place {
    const [start, end] = node.range ?? [0, 1];
    return { source: this.#source, start, end: Math.max(end, start) };
  }
}

function readScalar(node: unknown): ScalarValue {
  if (!isScalar(node)) return null;
  const { value, source } = node;
  const isPlain = typeof value === "string" || typeof value === "boolean" || value === null;
  if (isPlain || typeof value === "number") return value;
  return source ?? null;
}
