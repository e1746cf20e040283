import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ChurnError } from "@churnlab/core";
import type { FleetFile } from "./plan-fleet.ts";

/**
 * Writes the files of a fleet; those with a secret are never readable by others, not even for a moment.
 *
 * @throws ChurnError `E_OUTPUT` when one of them exists and `force` is not set (then none is written), or cannot be written
 */
export function writeFleet(directory: string, files: readonly FleetFile[], force: boolean): void {
  const first = files.find((file) => existsSync(path.join(directory, file.path)));
  if (first !== undefined && !force) {
    throw new ChurnError("E_OUTPUT", `${path.join(directory, first.path)} exists`, {
      hint: "Name another folder, or make all keys anew with --force: agents with the old ones are then refused.",
    });
  }
  try {
    for (const file of files) writeFile(path.join(directory, file.path), file);
  } catch (cause) {
    const { code = "unknown error", path: at = directory } = cause as NodeJS.ErrnoException;
    throw new ChurnError("E_OUTPUT", `${at} cannot be written (${code})`, {
      hint: "Name a folder that you may write to.",
      cause,
    });
  }
}

function writeFile(target: string, { text, mode }: FleetFile): void {
  mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 });
  if (existsSync(target)) chmodSync(target, mode);
  writeFileSync(target, text, { mode });
}
