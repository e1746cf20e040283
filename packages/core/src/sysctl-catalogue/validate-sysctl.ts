import type { ErrorCode } from "../errors.ts";
import { suggestName } from "../suggest-name.ts";
import { findSysctl, SYSCTL_NAMES, scopeOfOther } from "../sysctl-catalogue.ts";
import type { SysctlEntry, SysctlValues } from "./sysctl-entry.ts";

export interface SysctlProblem {
  readonly about: "name" | "value";
  readonly code: ErrorCode;
  readonly message: string;
  readonly suggestion: string | null;
}

/**
 * What is wrong with setting this sysctl to this value in a namespace; null when nothing is. `kernel` is the release of
 * the kernel that is to take it (`6.18.44`), null when it is not known. `undefined` and null are no values.
 */
export function validateSysctl(
  name: string,
  value: string | number | boolean | null | undefined,
  kernel: string | null = null,
): SysctlProblem | null {
  const entry = findSysctl(name);
  if (entry === null) return refuseUnknown(name) ?? refuseForm(name, value, { kind: "text" });
  return refuseScope(entry, kernel) ?? refuseForm(name, value, entry.values);
}

/** A value as it is written to the file of a sysctl: words separated by one space. */
export function formatSysctlValue(value: string | number): string {
  return String(value).trim().replaceAll(/\s+/g, " ");
}

function refuseUnknown(name: string): SysctlProblem | null {
  const place = scopeOfOther(name);
  if (place === "namespace") return null;
  if (place === "host" || !name.replaceAll("/", ".").startsWith("net.")) {
    const suggestion = name.startsWith("net.") ? null : suggestName(name, SYSCTL_NAMES);
    if (suggestion === null && (place === "host" || /^(?:vm|fs|kernel|dev|user)\./.test(name))) {
      return refuse("E_SYSCTL_NOT_NAMESPACED", `${name} is host-wide: no trial may change it`);
    }
    return refuse("E_SYSCTL_UNKNOWN", `unknown sysctl ${name}`, suggestion);
  }
  return refuse("E_SYSCTL_UNKNOWN", `unknown sysctl ${name}`, suggestName(name, SYSCTL_NAMES));
}

function refuseScope(entry: SysctlEntry, kernel: string | null): SysctlProblem | null {
  const { name, scope, removedIn, since, notes } = entry;
  switch (scope) {
    case "absent": {
      const running = kernel === null ? "" : ` (this kernel: ${kernel})`;
      const fate =
        removedIn === null ? "is not in mainline Linux" : `was removed in Linux ${removedIn}`;
      return refuse("E_SYSCTL_GONE", `${name} ${fate}${running}. ${notes.join(" ")}`);
    }
    case "host":
      return refuse("E_SYSCTL_NOT_NAMESPACED", `${name} is host-wide: no trial may change it`);
    case "read-only": {
      const message = `${name} can only be read in a namespace: no trial may change it`;
      return refuse("E_SYSCTL_NOT_NAMESPACED", message);
    }
    case "namespace":
      if (kernel === null || since === null || !isOlder(kernel, since)) return null;
      return refuse(
        "E_SYSCTL_UNKNOWN",
        `${name} came with Linux ${since}; this kernel is ${kernel}`,
      );
  }
}

function wrong(message: string, suggestion: string | null = null): SysctlProblem {
  return { about: "value", code: "E_SYSCTL_VALUE", message, suggestion };
}

function refuse(code: ErrorCode, message: string, suggestion: string | null = null): SysctlProblem {
  return { about: "name", code, message, suggestion };
}

/** Whether a release (`5.10.0-28-amd64`) is before a version (`6.14`). */
export function isOlder(release: string, version: string): boolean {
  const [major = 0, minor = 0] = release.split(/[.-]/).map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = version.split(".").map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}

function refuseForm(name: string, value: unknown, values: SysctlValues): SysctlProblem | null {
  const short = name.slice(name.lastIndexOf(".") + 1);
  if (typeof value === "boolean") return wrong(`${short} takes a number`, value ? "1" : "0");
  if (typeof value !== "string" && typeof value !== "number") return wrong(`${short} has no value`);
  const form = forms[values.kind](formatSysctlValue(value), values as never);
  return form === null ? null : wrong(`${short} ${form.message}`, form.suggestion);
}

interface Complaint {
  readonly message: string;
  readonly suggestion: string | null;
}

type Form<K extends SysctlValues["kind"]> = (
  text: string,
  values: Extract<SysctlValues, { kind: K }>,
) => Complaint | null;

/** What is wrong with a value, by what the sysctl takes. */
const forms: { readonly [K in SysctlValues["kind"]]: Form<K> } = {
  integer(text, { min, max, unit }) {
    const inUnit = unit === undefined ? "" : ` (${unit})`;
    if (!/^-?\d+$/.test(text)) {
      const number = /^-?\d+/.exec(text)?.[0] ?? null;
      return complain(`takes a whole number${inUnit}, not "${text}"`, number);
    }
    const isInside = Number(text) >= min && Number(text) <= max;
    return isInside ? null : complain(`takes ${min} to ${max}${inUnit}, not ${text}`);
  },

  "port-range"(text) {
    const [low, high, ...more] = text.split(/[\s,-]+/);
    if (low === undefined || high === undefined || more.length > 0 || !/^[\d\s,-]+$/.test(text)) {
      return complain(`takes two ports, as in "32768 60999", not "${text}"`);
    }
    if (!/^\d+ \d+$/.test(text)) {
      return complain("takes two ports separated by a space", `"${low} ${high}"`);
    }
    for (const port of [low, high]) {
      if (Number(port) < 1 || Number(port) > 65_535)
        return complain(`takes ports from 1 to 65535, not ${port}`);
    }
    if (Number(low) <= Number(high)) return null;
    return complain(`"${text}": low end is above high end`, `"${high} ${low}"`);
  },

  "port-list"(text) {
    for (const part of text.split(",").filter(Boolean)) {
      const [, low, high = low] = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part) ?? [];
      if (low === undefined)
        return complain(`takes ports and ranges, as in "8080,9000-9100", not "${part}"`);
      if (Number(high) > 65_535) return complain(`takes ports up to 65535, not ${high}`);
      if (Number(low) > Number(high)) return complain(`"${part}": low end is above high end`);
    }
    return null;
  },

  integers(text, { count }) {
    const words = text.split(" ");
    const isForm = words.length === count && words.every((word) => /^\d+$/.test(word));
    return isForm ? null : complain(`takes ${count} whole numbers, not "${text}"`);
  },

  text(text) {
    return text === "" ? complain("has no value") : null;
  },
};

function complain(message: string, suggestion: string | null = null): Complaint {
  return { message, suggestion };
}
