import { readFileSync } from "node:fs";

/** Of this boot of this kernel, random(4). */
export function readBootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}
