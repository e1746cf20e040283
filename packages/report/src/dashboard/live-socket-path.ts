import { realpathSync } from "node:fs";
import path from "node:path";

/** Of the messages that go through the socket; another one is another name, so that nobody reads what it does not know. */
const LIVE_FORMAT = 1;
/** `sun_path` of unix(7), without its NUL. */
const PATH_BYTES_MAX = 107;

/**
 * Where a run can be followed while it goes on: a socket beside its database. null where the path is too long for one,
 * seen from the root and from the working directory.
 */
export function liveSocketPath(databaseFile: string, runId: string): string | null {
  const file = `${realPath(databaseFile)}-${runId}${LIVE_SOCKET_SUFFIX}`;
  const names = [file, path.relative(process.cwd(), file)];
  return names.find((name) => Buffer.byteLength(name) <= PATH_BYTES_MAX) ?? null;
}

/** One database has one name, whatever link it is opened through. */
export function realPath(databaseFile: string): string {
  try {
    return realpathSync(databaseFile);
  } catch {
    return path.resolve(databaseFile);
  }
}

export const LIVE_SOCKET_SUFFIX: string = `.live${LIVE_FORMAT}`;
