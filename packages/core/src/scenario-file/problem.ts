import { ChurnError, ERROR_CODES, type ErrorCode } from "../errors.ts";
import { formatCount } from "../format-number.ts";
import { locate, type Place } from "./place.ts";

/** One thing that is wrong with a scenario or another file, and where. Lines and columns count from 1; `endColumn` is exclusive. */
export interface Problem {
  readonly code: ErrorCode;
  /** The file, or the flag whose argument is meant. */
  readonly source: string;
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
  readonly message: string;
  /** What was probably meant, as it should be written. */
  readonly suggestion: string | null;
  readonly sourceLine: string;
}

/** Everything that is wrong with a scenario or another file. Its code is that of its problems when they all have the same. */
export class ScenarioError extends ChurnError {
  readonly problems: readonly Problem[];
  readonly file: string;

  constructor(file: string, problems: readonly Problem[]) {
    const codes = new Set(problems.map(({ code }) => code));
    const [first] = codes;
    super(
      codes.size === 1 && first !== undefined ? first : "E_SCENARIO",
      `${file}: ${formatCount(problems.length, "problem")}`,
    );
    this.problems = problems;
    this.file = file;
  }
}

export interface ProblemDetail {
  readonly code?: ErrorCode;
  readonly suggestion?: string | null;
}

/** Collects problems, each once, until the whole scenario has been looked at. */
export class ProblemList {
  readonly #file: string;
  readonly #code: ErrorCode;
  readonly #byKey = new Map<string, Problem & { readonly start: number }>();

  /** `code` is that of the problems that do not bring their own. */
  constructor(file: string, code: ErrorCode = "E_SCENARIO") {
    this.#file = file;
    this.#code = code;
  }

  add(place: Place, message: string, { code, suggestion }: ProblemDetail = {}): void {
    const key = `${place.source.name}\0${place.source.text}\0${place.start}\0${message}`;
    if (this.#byKey.has(key)) return;
    this.#byKey.set(key, {
      code: code ?? this.#code,
      source: place.source.name,
      ...locate(place),
      start: place.start,
      message,
      suggestion: suggestion ?? null,
    });
  }

  get count(): number {
    return this.#byKey.size;
  }

  /** Throws a `ScenarioError` with all problems, those of the file first, in the order of their places. */
  throwIfAny(): void {
    if (this.#byKey.size === 0) return;
    const all = [...this.#byKey.values()];
    const inFile = all.filter(({ source }) => source === this.#file);
    const ofFlags = all.filter(({ source }) => source !== this.#file);
    const ordered = [...inFile.toSorted((a, b) => a.start - b.start), ...ofFlags];
    const problems = ordered.map(({ start: _start, ...problem }) => problem);
    throw new ScenarioError(this.#file, problems);
  }
}

/** Longest piece of a source line that is shown. */
const SHOWN_COLUMNS = 100;

/** The problems as people read them: place, sentence, near miss, the source line, and carets under what is meant. */
export function formatProblems(error: ScenarioError): string {
  const exit = ERROR_CODES[error.code].exit;
  return [
    `${error.message}  (${error.code}, exit ${exit})`,
    ...error.problems.flatMap((problem) => ["", ...formatProblem(problem)]),
  ].join("\n");
}

function formatProblem(problem: Problem): string[] {
  const meant = problem.suggestion === null ? "" : ` — did you mean ${problem.suggestion}?`;
  const { text, from } = clip(problem);
  const gutter = String(problem.line);
  const underlined = Math.max(
    1,
    Math.min(problem.endColumn - problem.column, text.length - (problem.column - 1 - from)),
  );
  return [
    printable(`${problem.source}:${problem.line}:${problem.column}  ${problem.message}${meant}`),
    ` ${gutter} | ${text}`,
    ` ${" ".repeat(gutter.length)} | ${" ".repeat(problem.column - 1 - from)}${"^".repeat(underlined)}`,
  ];
}

/** A window of a long line around the problem. */
function clip({ sourceLine, column }: Problem): { text: string; from: number } {
  const from = column > SHOWN_COLUMNS - 20 ? column - 20 : 0;
  const text = sourceLine.slice(from, from + SHOWN_COLUMNS);
  return { text: printable(text), from };
}

/** A file may come from anywhere: what would move the cursor or colour the terminal becomes a space. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, " ");
}
