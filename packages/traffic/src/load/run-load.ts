import type { WorkerJob } from "../engine.ts";
import type { WorkerCounters } from "../worker-counters.ts";
import { ClosedLoop } from "./closed-loop.ts";
import { Load } from "./load.ts";
import { OpenLoop } from "./open-loop.ts";
import type { Dial } from "./wire.ts";

/** What event-driven engines do with a job: everything but the wire. */
export async function runLoad(job: WorkerJob, counters: WorkerCounters, dial: Dial): Promise<void> {
  const { arrival } = job.workload;
  const source = arrival.model === "open" ? new OpenLoop(job) : new ClosedLoop(job, arrival);
  await new Load(job, counters, dial).run(source);
}
