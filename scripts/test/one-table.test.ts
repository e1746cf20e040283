import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { mayImport } from "../../architecture.mjs";

const root = path.resolve(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const packages = globSync("packages/*/package.json", { cwd: root }).map((file) =>
  path.basename(path.dirname(file)),
);

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
}
interface Project {
  readonly references?: readonly { readonly path: string }[];
}
const referencesOf = (file: string) =>
  ((JSON.parse(read(file)) as Project).references ?? []).map((reference) =>
    path.basename(reference.path),
  );

it("gives every package a room, and every room a package", () => {
  expect(packages.toSorted()).toEqual(Object.keys(mayImport).toSorted());
  expect(referencesOf("tsconfig.json").toSorted()).toEqual(packages.toSorted());
});

it("tells people the same table that it enforces", () => {
  const rows = [...read("ARCHITECTURE.md").matchAll(/^\| `(\w+)` \|.*\| ([^|]+) \|$/gm)];
  const told = rows.map(([, room = "", imports = ""]) => [room, imports]);
  const enforced = Object.entries(mayImport).map(([room, allowed]) => [
    room,
    room === "core" ? "nothing, not even Node" : room === "cli" ? "all" : allowed.join(", "),
  ]);
  expect(told).toEqual(enforced);
});

it.each(packages)("lets %s depend on allowed packages only, each of them referenced", (name) => {
  const { dependencies = {} } = JSON.parse(read(`packages/${name}/package.json`)) as Manifest;
  const own = Object.keys(dependencies).filter((each) => each.startsWith("@churnlab/"));
  const depended = own.map((each) => each.replace("@churnlab/", ""));
  expect(mayImport[name]).toEqual(expect.arrayContaining(depended));
  expect(referencesOf(`packages/${name}/tsconfig.json`).toSorted()).toEqual(depended.toSorted());
});

it("names for people what the script installs for tests", () => {
  const script = read("scripts/install-test-needs.sh");
  const list = /packages=\(\n(.*?)\n\)/s.exec(script)?.[1] ?? "";
  const installed = [...list.matchAll(/^ {2}(\S+)/gm)].map(([, name]) => name);
  const section =
    /## What tests need from the system\n(.*?)\n## /s.exec(read("CONTRIBUTING.md"))?.[1] ?? "";
  expect(installed.length).toBeGreaterThan(0);
  for (const name of installed) expect(section).toContain(`\`${name}\``);
});
