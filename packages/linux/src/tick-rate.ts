import { check, libc } from "./libc.ts";

/** include/uapi/linux/time.h */
const CLOCK_MONOTONIC_COARSE = 6;

/**
 * HZ, the rate of the kernel's tick per second; TIME_WAIT and all other long timers of TCP are rounded up to multiples
 * of it (kernel/time/timer.c). The coarse clock advances once per tick, so its resolution is one tick: clock_getres(2)
 * tells what `getconf CLK_TCK` does not, without any privilege or kernel configuration at hand.
 */
export function readTickRateHz(): number {
  const timespec = Buffer.alloc(16);
  check("clock_getres", libc().clock_getres(CLOCK_MONOTONIC_COARSE, timespec));
  return Math.round(1e9 / Number(timespec.readBigInt64LE(8)));
}
