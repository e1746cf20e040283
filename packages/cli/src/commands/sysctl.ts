import { explainSysctl, requireSysctl, SYSCTLS, type SysctlEntry } from "@churnlab/core";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { fitScreen } from "../fit-screen.ts";
import { terminal } from "../terminal.ts";

interface SysctlOptions {
  readonly json?: boolean;
}

/** One line per knob that churnlab knows. */
export function listSysctls(options: SysctlOptions): ExitCode {
  terminal.print(
    options.json
      ? JSON.stringify({ schemaVersion: 1, sysctls: SYSCTLS }, null, 2)
      : fitScreen([row("name", "default", "scope"), ...SYSCTLS.map(rowOf)].join("\n")),
  );
  return EXIT.ok;
}

/** What a knob does, on whom it acts, and what is commonly believed of it. Throws `E_SYSCTL_UNKNOWN`. */
export function explainOne(name: string, options: SysctlOptions): ExitCode {
  const entry = requireSysctl(name);
  terminal.print(
    options.json
      ? JSON.stringify({ schemaVersion: 1, sysctl: entry }, null, 2)
      : fitScreen(explainSysctl(entry)),
  );
  return EXIT.ok;
}

const NAME_COLUMNS = Math.max(...SYSCTLS.map(({ name }) => name.length));

const DEFAULT_COLUMNS = Math.max(...SYSCTLS.map((entry) => nameDefault(entry.default).length));

function nameDefault(initial: string | null): string {
  return initial === null ? "computed" : initial || "empty";
}

function rowOf({ name, default: initial, scope }: SysctlEntry): string {
  return row(name, nameDefault(initial), scope);
}

function row(name: string, initial: string, scope: string): string {
  return `${name.padEnd(NAME_COLUMNS)}  ${initial.padEnd(DEFAULT_COLUMNS)}  ${scope}`;
}
