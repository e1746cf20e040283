// Writes runs to a disk of 1 MiB until it is full, and prints what became of them: the program of
// full-disk.linux.test.ts, run in a mount namespace of its own with that disk at the path it is given.
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { openStore, type Store } from "../src/index.ts";
import { completed, start, trialOf } from "./made-run.ts";

const disk = process.argv.at(2) as string;
const path = `${disk}/runs.db`;

function codeOf(action: () => void): string {
  try {
    action();
  } catch (error) {
    return String((error as { code?: string }).code);
  }
  return "none";
}

function writeTooMuch(store: Store): object {
  const runId = store.startRun(start);
  store.saveAttempt(runId, { trial: trialOf(0), outcome: completed(), attempt: 1 });
  const samples = Array.from({ length: 100_000 }, (_, i) => {
    return { role: "client", metric: "time_wait", tMs: i, value: i } as const;
  });
  const tooMuch = codeOf(() =>
    store.saveAttempt(runId, { trial: trialOf(1), outcome: completed({ samples }), attempt: 1 }),
  );
  const closing = codeOf(() => store.close());
  const files = readdirSync(disk);
  using reader = openStore(path, { mode: "read" });
  const trialIds = reader.loadRun(runId).trialList.map(({ trialId }) => trialId);
  return { tooMuch, closing, files, trialIds };
}

function fillUpBeforeClose(store: Store): object {
  const runId = store.startRun(start);
  const ballast = `${disk}/ballast`;
  fillUp(ballast);
  const closing = codeOf(() => store.close());
  const walAfterClose = existsSync(`${path}-wal`);
  rmSync(ballast);
  openStore(path, { mode: "write" }).close();
  using reader = openStore(path, { mode: "read" });
  return {
    closing,
    walAfterClose,
    files: readdirSync(disk),
    kept: reader.findRun("last") === runId,
  };
}

/** Takes every free byte, down to single pages. */
function fillUp(file: string): void {
  for (let bytes = 2 ** 20; bytes >= 1024; bytes /= 2) {
    while (codeOf(() => writeFileSync(file, Buffer.alloc(bytes), { flag: "a" })) === "none");
  }
}

const story = process.argv.at(3) === "write-too-much" ? writeTooMuch : fillUpBeforeClose;
process.stdout.write(JSON.stringify(story(openStore(path, { mode: "write" }))));
