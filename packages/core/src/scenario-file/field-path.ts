import { ROLES } from "../role.ts";
import { suggestName } from "../suggest-name.ts";
import { scenarioFileSchema, specSchema } from "./schema.ts";
import { fieldPaths } from "./schema-at.ts";

export type ResolvedPath =
  | { readonly known: true; readonly steps: readonly string[] }
  | { readonly known: false; readonly suggestion: string | null };

const trialFields = fieldPaths(specSchema);
const fileFields = fieldPaths(scenarioFileSchema).filter((path) => path !== "version");

/**
 * The steps of a dotted path to a field of a trial. Names of sysctls contain dots themselves: what follows
 * `sysctls.<role>.` is one name.
 */
export function resolveTrialPath(path: string): ResolvedPath {
  return resolvePath(path, trialFields);
}

/** As `resolveTrialPath`, for every field of a scenario file, and for axes as `matrix.<path>`. */
export function resolveFilePath(path: string): ResolvedPath {
  if (path.startsWith("matrix.")) {
    const axis = path.slice("matrix.".length);
    const resolved = resolveTrialPath(axis);
    if (resolved.known) return { known: true, steps: ["matrix", axis] };
    const { suggestion } = resolved;
    return { known: false, suggestion: suggestion === null ? null : `matrix.${suggestion}` };
  }
  return resolvePath(path, fileFields);
}

function resolvePath(path: string, fields: readonly string[]): ResolvedPath {
  const [section, role, ...name] = path.split(".");
  if (section === "sysctls" && name.length > 0) {
    const isRole = (ROLES as readonly (string | undefined)[]).includes(role);
    if (isRole) return { known: true, steps: [section, role as string, name.join(".")] };
    const meant = role === "server" ? "target" : suggestName(role ?? "", ROLES);
    const suggestion = meant === null ? null : `sysctls.${meant}.${name.join(".")}`;
    return { known: false, suggestion };
  }
  // Its names are the user's own.
  if (section === "target" && role === "env" && name.length === 1) {
    return { known: true, steps: [section, role, ...name] };
  }
  if (fields.includes(path)) return { known: true, steps: path.split(".") };
  return { known: false, suggestion: suggestName(path, fields) };
}
