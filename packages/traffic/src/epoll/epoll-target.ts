import { SOCK_NONBLOCK } from "@churnlab/linux";
import { serveBySlots } from "../slots/serve-by-slots.ts";
import type { TargetServer } from "../target/target-server.ts";
import { EpollServedWire } from "./epoll-served-wire.ts";
import { probeEpoll } from "./probe-epoll.ts";

/** The built-in server over non-blocking sockets, for Linux where io_uring is refused. It blocks its thread. */
export const epollTarget: TargetServer = {
  name: "epoll",
  probe: probeEpoll,
  refuses: () => null,
  serve: serveBySlots(
    (job, events, place) => new EpollServedWire(job, events, place),
    SOCK_NONBLOCK,
  ),
};
