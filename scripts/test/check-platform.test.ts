import { expect, it } from "vitest";
import { checkPlatform } from "../bootstrap/check-platform.mjs";
import { SetupProblem } from "../bootstrap/setup-problem.mjs";

const supported = { platform: "linux", arch: "x64", nodeVersion: "20.20.2", isMusl: false };

it.each([{ nodeVersion: "18.0.0" }, { arch: "arm64" }, { nodeVersion: "26.1.0" }])(
  "accepts Linux with %o",
  (machine) => {
    expect(() => checkPlatform({ ...supported, ...machine })).not.toThrow();
  },
);

it.each([
  [{ platform: "darwin" }, "needs Linux (this is darwin)"],
  [{ arch: "riscv64" }, "no pinned Node exists for riscv64"],
  [{ nodeVersion: "16.20.2" }, "Node 16.20.2 is too old"],
  [{ isMusl: true }, "needs glibc"],
])("refuses %o with one fix", (machine, message) => {
  const refuse = () => checkPlatform({ ...supported, ...machine });
  expect(refuse).toThrow(SetupProblem);
  expect(refuse).toThrow(message);
});
