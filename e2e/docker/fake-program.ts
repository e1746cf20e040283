import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Where the real command line is. */
export function findDocker(): string {
  return execFileSync("sh", ["-c", "command -v docker"], { encoding: "utf8" }).trim();
}

/** Writes a shell script of this name into a new folder `bin`, and returns the folder. */
export function writeProgram(folder: string, name: string, script: string): string {
  const bin = path.join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(path.join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(path.join(bin, name), 0o755);
  return bin;
}
