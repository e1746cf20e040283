import { readFileSync } from "node:fs";
import type { ErrnoName } from "@churnlab/core";
import { SystemError } from "../system-error.ts";
import { Ring, type RingOptions } from "./ring.ts";
import { OPCODE, REGISTER } from "./uring-abi.ts";

export type UringProbe =
  | {
      readonly works: true;
      /** Numbers of `OPCODE` that this kernel knows. */
      readonly opcodes: ReadonlySet<number>;
    }
  | { readonly works: false; readonly reason: string };

/** struct io_uring_probe: a header of 16 bytes, then 8 bytes per opcode. */
const PROBE_OPCODES = 128;

const REASONS: Readonly<Partial<Record<ErrnoName, string>>> = {
  ENOSYS: "this kernel has no io_uring, or a seccomp filter hides it",
  EINVAL: "this kernel's io_uring is too old (Linux 5.19 is needed)",
  ENOMEM: "no memory for the ring (RLIMIT_MEMLOCK, or the memory limit of a control group)",
};

/** Sets up a small ring and gives it back: whether io_uring works for this thread, and if not, why, in words. */
export function probeUring(options: Pick<RingOptions, "setups"> = {}): UringProbe {
  try {
    using ring = new Ring({ ...options, submissions: 8, completions: 16, slots: 1 });
    const opcodes = readOpcodes(ring);
    if (!opcodes.has(OPCODE.SOCKET)) return refused("this kernel is older than Linux 5.19");
    return { works: true, opcodes };
  } catch (error) {
    if (error instanceof SystemError) return refused(explain(error));
    throw error;
  }
}

function readOpcodes(ring: Ring): ReadonlySet<number> {
  const probe = Buffer.alloc(16 + PROBE_OPCODES * 8);
  ring.register({ opcode: REGISTER.PROBE, argument: probe, count: PROBE_OPCODES });
  const opcodes = new Set<number>();
  const count = probe.readUInt8(1);
  for (let i = 0; i < count; i++) {
    const entry = 16 + i * 8;
    const supported = (probe.readUInt16LE(entry + 2) & 1) !== 0;
    if (supported) opcodes.add(probe.readUInt8(entry));
  }
  return opcodes;
}

function refused(reason: string): UringProbe {
  return { works: false, reason };
}

function explain(error: SystemError): string {
  if (error.code === "EPERM") return explainPermission();
  return REASONS[error.code] ?? error.message;
}

function explainPermission(): string {
  const disabled = readDisabled();
  if (disabled === "2") return "kernel.io_uring_disabled is 2";
  if (disabled === "1") {
    return "kernel.io_uring_disabled is 1 and this user is not in kernel.io_uring_group";
  }
  return "a seccomp filter refuses io_uring, as Docker's default profile does";
}

function readDisabled(): string {
  try {
    return readFileSync("/proc/sys/kernel/io_uring_disabled", "utf8").trim();
  } catch {
    return "";
  }
}
