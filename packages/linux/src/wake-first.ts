import { bindC, check } from "./libc.ts";

/** include/uapi/linux/sched.h. */
const SCHED_OTHER = 0;
const SCHED_FIFO = 1;
/** What the thread starts meanwhile does not get its priority. */
const SCHED_RESET_ON_FORK = 0x4000_0000;
/** The least there is: it comes before every thread of a desktop or a server, and after those of whoever asked for more. */
const PRIORITY = 1;

interface Scheduler {
  get(thread: number): number;
  set(thread: number, policy: number, parameters: Uint8Array): number;
}

let bound: Scheduler | undefined;

/** The C library's. Both take 0 for the calling thread. */
function scheduler(): Scheduler {
  bound ??= {
    get: bindC("int sched_getscheduler(int thread)"),
    set: bindC("int sched_setscheduler(int thread, int policy, void *parameters)"),
  };
  return bound;
}

/**
 * Until it is disposed of, the kernel runs the calling thread as soon as its wait is over, whatever else waits for a processor
 * (SCHED_FIFO, sched(7)); else it may come after a few slices of others, some milliseconds. For a wait, not for work: nothing
 * else runs on that processor until the thread waits again. `granted` tells whether it is so: this process must be allowed to
 * (CAP_SYS_NICE, or RLIMIT_RTPRIO), and nobody have chosen another policy for it, which it keeps.
 */
export function wakeFirst(): Disposable & { readonly granted: boolean } {
  const isOrdinary = (scheduler().get(0) & ~SCHED_RESET_ON_FORK) === SCHED_OTHER;
  const granted = isOrdinary && setPolicy(SCHED_FIFO, PRIORITY) === 0;
  return {
    granted,
    [Symbol.dispose]() {
      if (granted) check("sched_setscheduler", setPolicy(SCHED_OTHER, 0), "back to SCHED_OTHER");
    },
  };
}

/** The flag stays: to take it off needs CAP_SYS_NICE, and then a thread that may only come (RLIMIT_RTPRIO) could not go. */
function setPolicy(policy: number, priority: number): number {
  const parameters = new Uint8Array(Int32Array.of(priority).buffer);
  return scheduler().set(0, policy | SCHED_RESET_ON_FORK, parameters);
}
