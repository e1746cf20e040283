import { bindC } from "./libc.ts";

/** include/uapi/linux/sched.h. */
const SCHED_OTHER = 0;
const SCHED_FIFO = 1;
/** What the thread starts meanwhile does not get its priority. */
const SCHED_RESET_ON_FORK = 0x4000_0000;
/** The least there is: it comes before every thread of a desktop or a server, and after those of whoever asked for more. */
const PRIORITY = 1;

type SetScheduler = (thread: number, policy: number, parameters: Uint8Array) => number;
let bound: SetScheduler | undefined;

/**
 * Until it is disposed of, the kernel runs the calling thread as soon as its wait is over, whatever else waits for a processor
 * (SCHED_FIFO, sched(7)); else it may come after a few slices of others, some milliseconds. For a wait, not for work: nothing
 * else runs on that processor until the thread waits again. `granted` tells whether this process may do so (CAP_SYS_NICE, or
 * RLIMIT_RTPRIO); where it may not, nothing changes.
 */
export function wakeFirst(): Disposable & { readonly granted: boolean } {
  const granted = setScheduler(SCHED_FIFO | SCHED_RESET_ON_FORK, PRIORITY);
  return {
    granted,
    [Symbol.dispose]() {
      if (granted) setScheduler(SCHED_OTHER, 0);
    },
  };
}

/** Of the calling thread, which is what the kernel takes 0 for. */
function setScheduler(policy: number, priority: number): boolean {
  bound ??= bindC<SetScheduler>("int sched_setscheduler(int thread, int policy, void *parameters)");
  return bound(0, policy, new Uint8Array(Int32Array.of(priority).buffer)) === 0;
}
