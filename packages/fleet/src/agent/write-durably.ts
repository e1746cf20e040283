import {
  closeSync,
  constants,
  fdatasyncSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";

/** A draft is a file of its own: one that is there, or a link, is another's. */
const AFRESH = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

export const DRAFT_SUFFIX = ".draft";

/**
 * Writes a file of this user's alone and forces it to the disk: whole, or not at all, whatever ends the process or fills the disk.
 * Throws what the system says.
 */
export function writeDurably(file: string, text: string): void {
  const draft = `${file}${DRAFT_SUFFIX}`;
  rmSync(draft, { force: true }); // of a process that was killed
  try {
    writeDraft(draft, Buffer.from(text));
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

function writeDraft(draft: string, bytes: Uint8Array): void {
  const fd = openSync(draft, AFRESH, 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
