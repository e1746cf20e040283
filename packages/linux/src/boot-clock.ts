import { check, libc } from "./libc.ts";

/** include/uapi/linux/time.h */
const CLOCK_BOOTTIME = 7;

const timespec = Buffer.alloc(16);

/**
 * Milliseconds on CLOCK_BOOTTIME, equal in every thread of the machine. Unlike CLOCK_MONOTONIC it goes on while the machine is
 * suspended; clock_gettime(2).
 */
export function bootMs(): number {
  check("clock_gettime", libc().clock_gettime(CLOCK_BOOTTIME, timespec));
  return Number(timespec.readBigInt64LE(0)) * 1000 + Number(timespec.readBigInt64LE(8)) / 1e6;
}
