import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
let folder: string;

beforeAll(() => {
  // Inside the workspace, so that the fixture finds vitest; in .cache, which git ignores.
  folder = mkdtempSync(path.join(root, ".cache/skip-"));
  const reporter = path.join(root, "scripts/vitest/skip-reporter.ts");
  writeFileSync(
    path.join(folder, "vitest.config.mjs"),
    `export default { test: { include: ["*.fixture.mjs"], reporters: ["default", ${JSON.stringify(reporter)}] } };`,
  );
  writeFileSync(
    path.join(folder, "one.fixture.mjs"),
    `import { it } from "vitest";
     it("runs", () => {});
     it("needs docker", (context) => context.skip("no docker daemon"));`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

function runFixture(noSkip: string) {
  const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
  const { status, stderr } = spawnSync(process.execPath, [vitest, "run", "--root", folder], {
    encoding: "utf8",
    env: { ...process.env, CHURNLAB_NO_SKIP: noSkip, NO_COLOR: "1" },
  });
  return { status, stderr };
}

it("names a skipped test with its reason", () => {
  const { status, stderr } = runFixture("");
  expect(status).toBe(0);
  expect(stderr).toContain("one.fixture.mjs > needs docker: no docker daemon");
});

it("fails the run for a skipped test under CHURNLAB_NO_SKIP=1", () => {
  const { status, stderr } = runFixture("1");
  expect(status).toBe(1);
  expect(stderr).toContain("CHURNLAB_NO_SKIP=1 forbids");
});
