import { readFileSync } from "node:fs";

/** RLIMIT_NOFILE: a process may raise its soft limit up to the hard one. */
export interface OpenFileLimit {
  readonly soft: number;
  readonly hard: number;
}

/** The limit on open files of this process. Node raises the soft limit to the hard one when it starts. */
export function readOpenFileLimit(process: number | "self" = "self"): OpenFileLimit {
  const limits = readFileSync(`/proc/${process}/limits`, "utf8");
  const [, soft = "", hard = ""] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(limits) ?? [];
  return { soft: parseLimit(soft), hard: parseLimit(hard) };
}

function parseLimit(text: string): number {
  return text === "unlimited" ? Infinity : Number(text);
}
