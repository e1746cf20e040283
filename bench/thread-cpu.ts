/** CPU time of the calling thread, user and system, microseconds since it began (getrusage(2), RUSAGE_THREAD). */
export function readThreadCpuUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}
