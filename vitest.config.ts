import { defineConfig } from "vitest/config";

/** Whole commands and pages that offer no load: browsers and starting programs are what takes their time. */
const WITHOUT_LOAD = [
  "e2e/cli/{completion,doctor,faults,screens,sysctl}.test.ts",
  "e2e/report/{attacks,bad-input,dashboard,hostile-names,keyboard,pictures,report,reproduce}.test.ts",
  "e2e/toolchain/**/*.test.ts",
  "e2e/verdicts/{bad-input,documents}.test.ts",
];

/** They assert times, shares of them, or verdicts on them, or what a page shows while a run lasts: nothing runs beside them. */
const TIMED = [
  "e2e/observe/port-search.test.ts",
  "e2e/report/{cost-of-readers,pages-beside-a-run,serve}.test.ts",
  "e2e/verdicts/{model-gates,verdicts}.test.ts",
];

/** The others with containers ask for all that the engine has of churnlab; this one's belong to its project of compose. */
const COMPOSE = "e2e/docker/compose.test.ts";

export default defineConfig({
  // Packages are tested from src/: nothing has to be built first.
  ssr: { resolve: { conditions: ["@churnlab/source"] } },
  test: {
    // Bounds against hanging, not wishes for speed: a machine may have other work, and what a hook starts may come from a
    // cold disk.
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    reporters: ["default", "./scripts/vitest/skip-reporter.ts"],
    // One tier after the other (0 would mean "last" for a tier with one worker): tests that watch a kernel's clock do
    // not share the processors with a thousand others.
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          maxWorkers: "100%",
          sequence: { groupOrder: 1 },
          setupFiles: ["scripts/vitest/seed-properties.ts"],
          include: ["{packages/*,scripts,bench,deploy}/test/**/*.test.ts"],
          exclude: ["**/*.linux.test.ts", "**/node_modules/**"],
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "linux",
          sequence: { groupOrder: 2 },
          include: ["packages/*/test/**/*.linux.test.ts"],

          pool: "forks",
          // Each has namespaces of its own, and mostly waits for a kernel's timers.
          maxWorkers: 2,
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "pages",
          sequence: { groupOrder: 3 },
          include: WITHOUT_LOAD,
          pool: "forks",
          maxWorkers: 2,
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          sequence: { groupOrder: 4 },
          include: ["e2e/**/*.test.ts"],
          exclude: [
            "e2e/docker/**",
            "e2e/fleet/**",
            "**/node_modules/**",
            ...WITHOUT_LOAD,
            ...TIMED,
          ],
          pool: "forks",
          // Each trial has namespaces of its own and offers little; what is asserted are counts.
          maxWorkers: 2,
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "compose",
          sequence: { groupOrder: 4 },
          globalSetup: "e2e/docker/set-up.ts",
          include: [COMPOSE],
          pool: "forks",
          maxWorkers: 2,
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "timed",
          sequence: { groupOrder: 5 },
          include: TIMED,
          pool: "forks",
          fileParallelism: false,
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "fleet",
          sequence: { groupOrder: 6 },
          include: ["e2e/fleet/**/*.test.ts"],
          pool: "forks",
          // Each has a server, agents and namespaces of its own, and mostly waits for time-outs to pass.
          maxWorkers: 3,
          // Many programs have to be started for each.
          testTimeout: 240_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
      {
        extends: true,
        test: {
          name: "docker",
          sequence: { groupOrder: 7 },
          globalSetup: "e2e/docker/set-up.ts",
          include: ["e2e/docker/**/*.test.ts"],
          exclude: [COMPOSE, "**/node_modules/**"],
          pool: "forks",
          fileParallelism: false,
          testTimeout: 120_000,
        },
      },
    ],
  },
});
