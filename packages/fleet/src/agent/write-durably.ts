import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";

/** Writes a file of this user's alone and forces it to the disk. Throws what the system says. */
export function writeDurably(file: string, text: string): void {
  const bytes = Buffer.from(text);
  const fd = openSync(file, "w", 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
