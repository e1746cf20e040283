import type { Reporter, TestModule } from "vitest/node";

/**
 * Makes skipping loud: names every skipped test with its reason at the end of the run. With
 * `CHURNLAB_NO_SKIP=1` each of them is a failure, so that a green run has run everything.
 */
export default class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) => [...module.children.allTests("skipped")]);
    if (skipped.length === 0) return;
    const forbidden = process.env.CHURNLAB_NO_SKIP === "1";
    console.error(forbidden ? "\n Skipped, which CHURNLAB_NO_SKIP=1 forbids:" : "\n Skipped:");
    for (const test of skipped) {
      const result = test.result();
      const reason = result.state === "skipped" ? result.note : undefined;
      console.error(
        `   ${test.module.relativeModuleId} > ${test.fullName}: ${reason ?? "no reason given"}`,
      );
    }
    if (forbidden) process.exitCode = 1;
  }
}
