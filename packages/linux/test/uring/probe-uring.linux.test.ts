import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ERRNO } from "@churnlab/core";
import { expect, test } from "vitest";
import { probeUring } from "../../src/uring/probe-uring.ts";
import { OPCODE, SETUP } from "../../src/uring/uring-abi.ts";

function probeRefusedWith(errno: number): unknown {
  const script = fileURLToPath(new URL("../fixtures/print-probe.ts", import.meta.url));
  const options = ["--conditions=@churnlab/source", script, String(errno)];
  return JSON.parse(execFileSync(process.execPath, options, { encoding: "utf8" })) as unknown;
}

test("knows which operations the kernel has", () => {
  const probe = probeUring();
  expect(probe).toMatchObject({ works: true });
  if (!probe.works) throw new Error(probe.reason);
  expect(probe.opcodes.has(OPCODE.CONNECT)).toBe(true);
  expect(probe.opcodes.has(127)).toBe(false);
});

test("says that a seccomp filter refuses it", () => {
  expect(probeRefusedWith(ERRNO.EPERM)).toEqual({
    works: false,
    reason: "a seccomp filter refuses io_uring, as Docker's default profile does",
  });
});

test("says that the kernel has none", () => {
  expect(probeRefusedWith(ERRNO.ENOSYS)).toEqual({
    works: false,
    reason: "this kernel has no io_uring, or a seccomp filter hides it",
  });
});

test("says that the kernel is too old for what is asked", () => {
  const unknownFlag = SETUP.SINGLE_ISSUER | 0x4000_0000;
  expect(probeUring({ setups: [unknownFlag] })).toEqual({
    works: false,
    reason: "this kernel's io_uring is too old (Linux 5.19 is needed)",
  });
});
