import { SAMPLE_INTERVAL_MS } from "@churnlab/core";
import { recordError } from "@churnlab/traffic";
import { readFrames, writeFrame } from "./frames.ts";
import { InsideHost } from "./inside-host.ts";
import type { CallMessage, InsideMessage } from "./inside-messages.ts";

/**
 * What measures beside a target's container, in a container of its own in the same network namespace: answers calls on its standard
 * input until that ends, and tells what it sees on its standard output.
 */
const host = new InsideHost();
const tell = (message: InsideMessage): void => writeFrame(process.stdout, message);

async function answer({ id, name, order }: CallMessage): Promise<void> {
  try {
    tell({ id, reply: await host.answer(name, order) });
  } catch (error) {
    tell({ id, error: recordError(error) });
  }
}

const timer = setInterval(() => {
  const live = host.takeLive();
  if (live !== null) tell({ live });
}, SAMPLE_INTERVAL_MS);
for await (const message of readFrames(process.stdin)) void answer(message as CallMessage);
clearInterval(timer);
await host[Symbol.asyncDispose]();
process.exit();
