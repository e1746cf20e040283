import { libc, SOCK_NONBLOCK } from "@churnlab/linux";
import { ServedSlots } from "../slots/served-slots.ts";
import { servedSlots } from "../slots/slots-for.ts";
import { listenOnly } from "../target/listen-only.ts";
import { openListener } from "../target/open-listener.ts";
import type { TargetServer } from "../target/target-server.ts";
import { EpollServedWire } from "./epoll-served-wire.ts";
import { probeEpoll } from "./probe-epoll.ts";

/** The built-in server over non-blocking sockets, for Linux where io_uring is refused. It blocks its thread. */
export const epollTarget: TargetServer = {
  name: "epoll",
  probe: probeEpoll,
  refuses: () => null,

  async serve(job, counters, listening): Promise<void> {
    if (job.misbehaviour === "never-accept") return listenOnly(job, counters, listening);
    const slots = servedSlots();
    const { fd, port } = openListener(job, SOCK_NONBLOCK);
    const letGo = counters.holdings.holdDescriptor(fd);
    try {
      const served = new ServedSlots(job, counters, slots);
      using wire = new EpollServedWire(job, served, {
        slots,
        listener: fd,
        holdings: counters.holdings,
      });
      listening(port);
      served.run(wire);
    } finally {
      letGo();
      libc().close(fd);
    }
  },
};
