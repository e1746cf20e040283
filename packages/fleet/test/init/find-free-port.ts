import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below the ports that kernels give to clients (ip_local_port_range): there, whoever asks for a server that is away may be
 * given its port, and be connected to itself.
 */
const LOW = 10_000;
const HIGH = 32_000;

/** A port of loopback that nobody listens on. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = LOW + Math.floor(Math.random() * (HIGH - LOW));
    const probe = createServer().listen(port, "127.0.0.1");
    try {
      await once(probe, "listening");
    } catch {
      continue;
    }
    probe.close();
    await once(probe, "close");
    return port;
  }
}
