import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, expect, it } from "vitest";
import { mayImport } from "../../architecture.mjs";

const root = path.resolve(import.meta.dirname, "../..");
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

interface Cruise {
  readonly summary: {
    readonly violations: readonly {
      readonly rule: { readonly name: string };
      readonly from: string;
    }[];
    readonly totalCruised: number;
  };
}

function cruise(cwd: string): Cruise["summary"] {
  const depcruise = path.join(root, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
  const config = path.join(root, ".dependency-cruiser.mjs");
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      depcruise,
      "--config",
      config,
      "--output-type",
      "json",
      ...globSync("packages/*/src", { cwd }),
    ],
    { cwd, encoding: "utf8", maxBuffer: 64 * 2 ** 20 },
  );
  expect(stderr).toBe("");
  return (JSON.parse(stdout) as Cruise).summary;
}

/** A small workspace of the same rooms, each with an empty index, and the given files on top. */
function plant(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(root, ".cache/rooms-"));
  folders.push(folder);
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  };
  write(
    "tsconfig.test.json",
    '{ "compilerOptions": { "module": "NodeNext", "allowImportingTsExtensions": true } }',
  );
  mkdirSync(path.join(folder, "node_modules/@churnlab"), { recursive: true });
  for (const room of Object.keys(mayImport)) {
    const exports = { ".": { "@churnlab/source": "./src/index.ts" } };
    write(
      `packages/${room}/package.json`,
      JSON.stringify({ name: `@churnlab/${room}`, type: "module", exports }),
    );
    write(`packages/${room}/src/index.ts`, `export const room = "${room}";\n`);
    symlinkSync(
      path.join(folder, "packages", room),
      path.join(folder, "node_modules/@churnlab", room),
    );
  }
  for (const [file, text] of Object.entries(files)) write(file, text);
  return folder;
}

const rulesBroken = (folder: string) =>
  cruise(folder)
    .violations.map(({ rule }) => rule.name)
    .toSorted();

it("looks at every source file of the workspace", () => {
  const files = globSync("packages/*/src/**/*.ts", { cwd: root });
  expect(files.length).toBeGreaterThan(0);
  expect(cruise(root).totalCruised).toBeGreaterThanOrEqual(files.length);
});

it("accepts a workspace that keeps the table", () => {
  const folder = plant({
    "packages/traffic/src/a.ts": 'export { room } from "@churnlab/linux";\n',
    "packages/linux/src/b.ts":
      'export { readFileSync } from "node:fs";\nexport { room } from "@churnlab/core";\n',
  });
  const { violations, totalCruised } = cruise(folder);
  expect(violations).toEqual([]);
  expect(totalCruised).toBeGreaterThan(Object.keys(mayImport).length);
});

it.each<[string, string, Record<string, string>]>([
  [
    "an import by name that the table does not allow",
    "control-imports",
    { "packages/control/src/a.ts": 'export { room } from "@churnlab/linux";\n' },
  ],
  [
    "an import by path into another room",
    "store-imports",
    { "packages/store/src/a.ts": 'export { room } from "../../traffic/src/index.ts";\n' },
  ],
  [
    "an import of only a type",
    "core-imports",
    {
      "packages/core/src/a.ts":
        'import type { room } from "@churnlab/store";\nexport type Room = typeof room;\n',
    },
  ],
  [
    "a module of Node in core",
    "core-is-pure",
    { "packages/core/src/a.ts": 'export { readFileSync } from "node:fs";\n' },
  ],
  [
    "a cycle",
    "no-cycles",
    {
      "packages/core/src/a.ts": 'import { b } from "./b.ts";\nexport const a = () => b;\n',
      "packages/core/src/b.ts": 'import { a } from "./a.ts";\nexport const b = () => a;\n',
    },
  ],
  [
    "a cycle of types alone",
    "no-cycles",
    {
      "packages/cli/src/a.ts":
        'import type { B } from "./b.ts";\nexport interface A {\n  readonly b: B;\n}\n',
      "packages/cli/src/b.ts":
        'import type { A } from "./a.ts";\nexport interface B {\n  readonly a: A;\n}\n',
    },
  ],
  [
    "a cycle of what runs, also where types may refer to each other",
    "no-cycles-at-run-time",
    {
      "packages/traffic/src/load/a.ts": 'import { b } from "./b.ts";\nexport const a = () => b;\n',
      "packages/traffic/src/load/b.ts": 'import { a } from "./a.ts";\nexport const b = () => a;\n',
    },
  ],
  [
    "an import that leads nowhere",
    "no-unresolvable",
    { "packages/core/src/a.ts": 'export { x } from "./gone.ts";\n' },
  ],
  [
    "test code in what ships",
    "core-imports",
    {
      "packages/core/src/a.ts": 'export { fake } from "../test/fake.ts";\n',
      "packages/core/test/fake.ts": "export const fake = 1;\n",
    },
  ],
  [
    "a package without a room",
    "every-package-has-a-room",
    { "packages/attic/src/index.ts": 'import "node:fs";\n' },
  ],
])("refuses %s", (_what, rule, files) => {
  expect(new Set(rulesBroken(plant(files)))).toEqual(new Set([rule]));
});
