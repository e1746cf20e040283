import type { PortShare } from "@churnlab/linux";
import type { WorkerCounters } from "../worker-counters.ts";
import type { DelayQueue } from "./delay-queue.ts";
import type { KindLoad, SlotKindSteps } from "./slot-kind-steps.ts";
import type { SlotTable } from "./slot-table.ts";

/** The load of one worker, as its connections see it; `SlotLoad` says what each is. */
export interface ConnectionsLoad extends KindLoad {
  readonly counters: WorkerCounters;
  readonly kind: SlotKindSteps;
  readonly table: SlotTable;
  readonly rests: DelayQueue;
  readonly measureAtMs: number;
  readonly portShare: PortShare;
  ended(slot: number, succeeded: boolean): void;
}
