import { expect, it } from "vitest";
import { explainInstallFailure } from "../bootstrap/explain-install-failure.mjs";

const context = { code: 1, pnpm: "12.21.0", root: "/clone" };

it.each([
  ["npm error ENOSPC: no space left on device, write", "disk is full"],
  ["error: No space left on device (os error 28)", "disk is full"],
  ['Failed to write to file at "/clone/x": No\n       space left on device', "disk is full"],
  ["npm error code ENOTFOUND\nnpm error network request to … failed", "registry cannot be reached"],
  ["getaddrinfo EAI_AGAIN registry.example", "registry cannot be reached"],
  ["npm error code EACCES\nnpm error syscall mkdir", "cannot be written"],
  ["ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with frozen-lockfile", "does not match"],
  ["spawn npx ENOENT", "npm is not installed"],
  ["something nobody has seen before", "pnpm ended with code 1"],
])("says what is behind: %s", (output, message) => {
  const problem = explainInstallFailure({ ...context, output });
  expect(problem.message).toContain(message);
  expect(problem.fix).not.toBe("");
  expect(problem.evidence).toBe(output);
});

it("keeps only the last lines as evidence", () => {
  const output = Array.from({ length: 100 }, (_, i) => `line ${i}`).join("\n");
  const lines = explainInstallFailure({ ...context, output }).evidence.split("\n");
  expect(lines.length).toBeLessThan(20);
  expect(lines.at(-1)).toBe("line 99");
});
