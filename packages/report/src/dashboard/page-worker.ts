import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { gzipSync } from "node:zlib";
import { buildPage } from "./build-page.ts";
import { type PageAnswer, type PageTask, recordFailure } from "./page-messages.ts";
import { fileSource } from "./run-source.ts";

/** A load that is offered comes before a page that somebody waits for. */
const NICE = 10;

// On Linux 0 is the calling thread, and nothing else of the process (setpriority(2)).
setPriority(0, NICE);

parentPort?.on("message", (task: PageTask) => {
  const answer = build(task);
  parentPort?.postMessage(answer);
});

function build({ path, order, zipped }: PageTask): PageAnswer {
  try {
    const page = buildPage(fileSource(path), order);
    const bytes = zipped ? gzipSync(page) : typeof page === "string" ? Buffer.from(page) : page;
    return { kind: "built", bytes };
  } catch (error) {
    return { kind: "failed", error: recordFailure(error) };
  }
}
