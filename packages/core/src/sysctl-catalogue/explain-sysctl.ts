import { ChurnError } from "../errors.ts";
import { suggestName } from "../suggest-name.ts";
import { findSysctl, SYSCTL_NAMES, SYSCTLS, scopeOfOther } from "../sysctl-catalogue.ts";
import { wrapText } from "../wrap-text.ts";
import type { ActsOn, SysctlEntry, SysctlScope, SysctlValues } from "./sysctl-entry.ts";

/**
 * The entry that a person means: a full name, with slashes or dots, or its last part where only one has it. Throws
 * `E_SYSCTL_UNKNOWN` with the nearest name.
 */
export function requireSysctl(name: string): SysctlEntry {
  const dotted = name
    .trim()
    .replace(/^\/proc\/sys\//, "")
    .replaceAll("/", ".");
  const byEnd = SYSCTLS.filter((entry) => entry.name.endsWith(`.${dotted}`));
  const entry = findSysctl(dotted) ?? (byEnd.length === 1 ? byEnd[0] : undefined);
  if (entry !== undefined) return entry;
  if (scopeOfOther(dotted) !== null) {
    throw new ChurnError(
      "E_SYSCTL_UNKNOWN",
      `${dotted} exists, but the catalogue does not explain it`,
      {
        hint: "See Documentation/networking/ip-sysctl.rst of the kernel.",
      },
    );
  }
  const near = suggestName(dotted, SYSCTL_NAMES);
  throw new ChurnError("E_SYSCTL_UNKNOWN", `No sysctl is named ${name}`, {
    hint: near === null ? "churnlab sysctl list shows those it knows." : `Did you mean ${near}?`,
  });
}

/** All that is known of a sysctl, as text of at most 100 columns. */
export function explainSysctl(entry: SysctlEntry): string {
  const facts: [string, string][] = [
    ["default", describeDefault(entry)],
    ["takes", entry.scope === "absent" ? "" : describeValues(entry.values)],
    ["scope", SCOPES[entry.scope]],
    ["since", entry.since === null ? "" : `Linux ${entry.since}`],
    ["removed", entry.removedIn === null ? "" : `Linux ${entry.removedIn}`],
    ["acts on", ACTS_ON[entry.actsOn]],
    ["moves", entry.moves.join(", ")],
  ];
  return [
    entry.name,
    ...wrapText(entry.meaning, "  "),
    "",
    ...facts
      .filter(([, text]) => text !== "")
      .flatMap(([label, text]) => wrapText(text, `  ${label.padEnd(9)}`)),
    ...section("Note", entry.notes),
    ...section("Often said, and not so", entry.myths),
  ].join("\n");
}

const SCOPES: Readonly<Record<SysctlScope, string>> = {
  namespace: "every network namespace has its own; a new one starts with the default",
  "read-only": "visible in every network namespace, set on the host only",
  host: "one for the whole host; no trial may change it",
  absent: "not in Linux",
};

const ACTS_ON: Readonly<Record<ActsOn, string>> = {
  dialler: "the side that dials",
  listener: "the side that listens",
  "first-closer": "the side that closes first",
  sender: "the side that sends",
  both: "both sides",
};

function describeDefault({ default: value, scope }: SysctlEntry): string {
  if (scope === "absent") return "";
  if (value === null) return scope === "namespace" ? "depends on the machine" : "";
  return value === "" ? "empty" : value;
}

/** What a sysctl takes, in words for people: `0 to 65535 ms`. */
export function describeValues(values: SysctlValues): string {
  switch (values.kind) {
    case "integer": {
      const unit = values.unit === undefined ? "" : ` ${values.unit}`;
      return `${values.min} to ${values.max}${unit}`;
    }
    case "port-range":
      return "two ports: low high";
    case "port-list":
      return "ports and ranges: 8080,9000-9100";
    case "integers":
      return `${values.count} numbers`;
    case "text":
      return "text";
  }
}

function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return ["", `  ${title}:`, ...lines.flatMap((line) => wrapText(line, "  - "))];
}
