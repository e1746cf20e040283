import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { release } from "node:os";
import { describe, expect, test } from "vitest";
import { OTHER_NAMESPACE_SYSCTLS } from "../src/sysctl-catalogue/other-sysctls.ts";
import type { SysctlEntry } from "../src/sysctl-catalogue/sysctl-entry.ts";
import { isOlder } from "../src/sysctl-catalogue/validate-sysctl.ts";
import { SYSCTLS } from "../src/sysctl-catalogue.ts";

/** Runs a shell script in a network namespace of its own, as root of a user namespace when not root already. */
function inNewNamespace(script: string): string[] {
  const flags = process.getuid?.() === 0 ? ["-n"] : ["-Urn"];
  const { status, stdout, stderr } = spawnSync("unshare", [...flags, "sh", "-c", script], {
    encoding: "utf8",
    timeout: 30_000,
  });
  if (status !== 0) throw new Error(`unshare: ${stderr}`);
  return stdout.split("\n").slice(0, -1);
}

const fileOf = (name: string) => `/proc/sys/${name.replaceAll(".", "/")}`;
const quoted = (text: string) => `'${text}'`;
const words = (text: string) => text.trim().replaceAll(/\s+/g, " ");

/** What a new namespace has in each of these files; null where there is none. */
function readDefaults(entries: readonly SysctlEntry[]): Map<string, string | null> {
  const script = entries
    .map(
      ({ name }) =>
        `if [ -e ${fileOf(name)} ]; then echo "=$(cat ${fileOf(name)})"; else echo -; fi`,
    )
    .join("\n");
  const lines = inNewNamespace(script);
  return new Map(
    entries.map(({ name }, i) => [name, lines[i] === "-" ? null : words(lines[i]?.slice(1) ?? "")]),
  );
}

/** Whether a new namespace takes each of the values, in order. */
function tryValues(attempts: readonly (readonly [string, string])[]): boolean[] {
  const script = attempts.map(
    ([name, value]) =>
      `if (echo ${quoted(value)} > ${fileOf(name)}) 2>/dev/null; then echo yes; else echo no; fi`,
  );
  return inNewNamespace(script.join("\n")).map((line) => line === "yes");
}

/** Its upper end is where the local port range begins. */
const PORT_START = "net.ipv4.ip_unprivileged_port_start";

const isHere = ({ since }: SysctlEntry) => since === null || !isOlder(release(), since);
const namespaced = SYSCTLS.filter(({ scope }) => scope === "namespace").filter(isHere);
const tracked = existsSync("/proc/sys/net/netfilter/nf_conntrack_max");
const expected = namespaced.filter(({ name }) => tracked || !name.startsWith("net.netfilter."));

describe("in a new network namespace of this kernel", () => {
  test("every sysctl that the catalogue calls per-namespace exists, with the default it says", () => {
    const found = readDefaults(expected);
    const differing = expected.filter(({ name, default: initial }) => {
      const value = found.get(name);
      return value === null || (initial !== null && value !== initial);
    });
    expect(differing.map(({ name }) => [name, found.get(name)])).toEqual([]);
  });

  test("none exists that the catalogue calls host-wide or gone", () => {
    const absent = SYSCTLS.filter(({ scope }) => scope === "host" || scope === "absent");
    const found = readDefaults(absent);
    expect([...found].filter(([, value]) => value !== null)).toEqual([]);
  });

  test("none can be written that the catalogue calls read-only", () => {
    const readOnly = SYSCTLS.filter(
      ({ scope, name }) => scope === "read-only" && existsSync(fileOf(name)),
    );
    const taken = tryValues(readOnly.map(({ name }) => [name, "1"]));
    expect(readOnly.filter((_entry, i) => taken[i]).map(({ name }) => name)).toEqual([]);
  });

  test("the ends of every range are taken, and what lies outside is refused", () => {
    // Seconds are counted in ticks: their upper end depends on the tick rate, and below 0 the kernel does not look.
    const integers = expected.flatMap(({ name, values }) =>
      values.kind === "integer" && values.unit !== "s" && name !== PORT_START
        ? [{ name, ...values }]
        : [],
    );
    const inside = integers.flatMap(({ name, min, max }) =>
      [min, max].map((value) => [name, String(value)] as const),
    );
    const outside = integers.flatMap(({ name, min, max }) =>
      [min - 1, max + 1].map((value) => [name, String(value)] as const),
    );
    const takenInside = tryValues(inside);
    expect(inside.filter((_attempt, i) => !takenInside[i])).toEqual([]);
    const takenOutside = tryValues(outside);
    expect(outside.filter((_attempt, i) => takenOutside[i])).toEqual([]);
  });

  test("the port range and the first unprivileged port may meet, not overlap", () => {
    const range = "net.ipv4.ip_local_port_range";
    const attempts = [
      [PORT_START, "32768"],
      [PORT_START, "32769"],
      [range, "32767 60999"],
      [PORT_START, "0"],
      [range, "1 100"],
      [range, "0 100"],
      [range, "100 99"],
      [range, "1 65536"],
    ] as const;
    expect(tryValues(attempts)).toEqual([true, false, false, true, true, false, false, false]);
  });

  test("seconds are taken from 0 to the end of their range", () => {
    const attempts = expected.flatMap(({ name, values }) =>
      values.kind === "integer" && values.unit === "s"
        ? [values.min, values.max].map((value) => [name, String(value)] as const)
        : [],
    );
    const taken = tryValues(attempts);
    expect(attempts.length).toBeGreaterThan(10);
    expect(attempts.filter((_attempt, i) => !taken[i])).toEqual([]);
  });

  test.runIf(!isOlder(release(), "6.18"))("the names without an explanation exist too", () => {
    const names = OTHER_NAMESPACE_SYSCTLS.filter((name) => /^net\.(core|ipv4)\./.test(name));
    const script = names.map((name) => `[ -e ${fileOf(name)} ] || echo ${name}`).join("\n");
    expect(inNewNamespace(`${script}\ntrue`)).toEqual([]);
  });
});
