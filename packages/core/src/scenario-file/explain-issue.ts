import type { z } from "zod";
import { suggestName } from "../suggest-name.ts";
import type { Path } from "./located.ts";
import type { SchemaFacts } from "./schema-at.ts";

export interface Explanation {
  readonly message: string;
  readonly suggestion: string | null;
}

type Issue = z.core.$ZodIssue;

/** What YAML can hold. */
export type Plain = string | number | boolean | object | null | undefined;

/** What a complaint of the schema means to the person who wrote the file. */
export function explainIssue(issue: Issue, value: Plain, facts: SchemaFacts): Explanation {
  const field = nameField(issue.path as Path);
  const quantity = facts.title === null ? undefined : quantities[facts.title];
  const isForm = issue.code !== "custom" && issue.code !== "too_big";
  if (isForm && value === undefined && issue.code !== "invalid_union") {
    return { message: `${field} is missing`, suggestion: null };
  }
  if (isForm && quantity !== undefined) {
    return {
      message: `${field} must be ${quantity.form}, not ${show(value)}`,
      suggestion: quantity.repair(textOf(value).trim()),
    };
  }
  return {
    message: `${field} must be ${describeExpected(issue)}, not ${show(value)}`,
    suggestion: nearMiss(issue, value),
  };
}

/** The dotted path as a person would write it; the number of a list item counts from 1. */
export function nameField(path: Path): string {
  const [first, index, ...rest] = path;
  if (first === "variants" && typeof index === "number" && rest.length > 0) return nameField(rest);
  const text = path
    .map((step) => (typeof step === "number" ? `[${step + 1}]` : `.${step}`))
    .join("");
  return text.startsWith(".") ? text.slice(1) : text || "a scenario";
}

interface QuantityForm {
  readonly form: string;
  /** What was probably meant, or null. */
  repair(text: string): string | null;
}

const NUMBER = "(\\d+(?:\\.\\d+)?)";
const TIME_UNITS: Readonly<Record<string, string>> = {
  us: "us",
  usec: "us",
  µs: "us",
  ms: "ms",
  msec: "ms",
  "": "s",
  s: "s",
  sec: "s",
  secs: "s",
  second: "s",
  seconds: "s",
  m: "m",
  min: "m",
  mins: "m",
  minute: "m",
  minutes: "m",
  h: "h",
  hour: "h",
  hours: "h",
};

const quantities: Readonly<Record<string, QuantityForm>> = {
  duration: {
    form: "a duration with its unit (us, ms, s, m, h), as in 8s",
    repair: (text) => {
      const [, number, unit] = new RegExp(`^${NUMBER}\\s*(\\p{L}*)$`, "u").exec(text) ?? [];
      const known = TIME_UNITS[unit?.toLowerCase() ?? "?"];
      return known === undefined ? null : `${number}${known}`;
    },
  },
  rate: {
    form: "a rate with its unit (/s, /m, /h), as in 400/s",
    repair: (text) => {
      const [, number, unit] =
        new RegExp(`^${NUMBER}\\s*(?:(?:/|per)\\s*(\\p{L}*)|rps|qps|cps)?$`, "u").exec(text) ?? [];
      const known = TIME_UNITS[unit?.toLowerCase() ?? ""];
      const isUnit = known === "s" || known === "m" || known === "h";
      return number !== undefined && isUnit ? `${number}/${known}` : null;
    },
  },
  share: {
    form: "a percentage, as in 10%",
    repair: (text) => {
      const number = new RegExp(`^${NUMBER}\\s*%?$`).exec(text)?.[1];
      return number === undefined ? null : `${number}%`;
    },
  },
  requests: {
    form: "a number, a range such as 4..16, or unlimited",
    repair: (text) => {
      const range = /^(\d+)\s*(?:-|\.\.\.|…|to|\.\.)\s*(\d+)$/.exec(text);
      return range === null ? suggestName(text, ["unlimited"]) : `${range[1]}..${range[2]}`;
    },
  },
  replicates: {
    form: "a number of at least 1, or auto",
    repair: (text) => (/^\d+$/.test(text) && +text > 0 ? text : suggestName(text, ["auto"])),
  },
  name: { form: "text on one line, at most 100 characters", repair: () => null },
};

const EXPECTED: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping (key: value)",
  record: "a mapping (key: value)",
};

function describeExpected(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return EXPECTED[issue.expected] ?? issue.expected;
    case "invalid_value":
      return joinWords(issue.values.map(String), "or");
    case "too_small":
      return `${counted(issue.origin)}at least ${issue.minimum}`;
    case "too_big":
      return `${counted(issue.origin)}at most ${issue.maximum}`;
    case "invalid_format":
      return issue.format === "url"
        ? "an address such as http://192.0.2.1:8080/"
        : "of another form";
    case "invalid_union":
      return "a number or text";
    case "custom":
    case "invalid_element":
    case "invalid_key":
    case "not_multiple_of":
    case "unrecognized_keys":
      return issue.message;
  }
}

function counted(origin: string): string {
  return origin === "array" ? "a list of " : origin === "string" ? "text of length " : "";
}

function nearMiss(issue: Issue, value: Plain): string | null {
  if (issue.code === "invalid_value") return suggestName(textOf(value), issue.values.map(String));
  if (issue.code !== "invalid_type") return null;
  if (issue.expected === "string" && typeof value !== "object")
    return JSON.stringify(textOf(value));
  const isNumeric = typeof value === "string" && value.trim() !== "" && Number.isFinite(+value);
  if (isNumeric && ["int", "number"].includes(issue.expected)) return value.trim();
  if (issue.expected === "boolean") return yesOrNo[textOf(value).toLowerCase()] ?? null;
  return null;
}

const yesOrNo: Readonly<Record<string, string>> = {
  yes: "true",
  on: "true",
  "1": "true",
  no: "false",
  off: "false",
  "0": "false",
};

function joinWords(words: readonly string[], last: "and" | "or"): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}

/** A value as a person can recognise it, shortened. */
function show(value: Plain): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a mapping";
  const text = textOf(value);
  const short = text.length > 40 ? `${text.slice(0, 39)}…` : text;
  return typeof value === "string" ? JSON.stringify(short) : short;
}

function textOf(value: Plain): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
