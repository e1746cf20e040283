import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";

/** Where a shell would find the program, null where it would not. A name with a slash is a path. */
export function findProgram(
  name: string,
  searchPath: string = process.env["PATH"] ?? "",
): string | null {
  const candidates = name.includes("/")
    ? [path.resolve(name)]
    : searchPath.split(path.delimiter).map((directory) => path.join(directory || ".", name));
  return candidates.find(isProgram) ?? null;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
