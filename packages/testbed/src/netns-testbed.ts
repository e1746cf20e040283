import type { Testbed, Trial, TrialWorld } from "@churnlab/core";
import { createHosts } from "./netns-hosts.ts";
import { startServers } from "./netns-servers.ts";
import { WorldBuilder } from "./world-builder.ts";

/** Every trial in fresh anonymous network namespaces of this process. */
export class NetnsTestbed implements Testbed {
  readonly #worlds: WorldBuilder = new WorldBuilder();

  async build({ spec }: Trial, signal: AbortSignal): Promise<TrialWorld> {
    const { addresses, threads } = this.#worlds;
    await using stack = new AsyncDisposableStack();
    const hosts = stack.use(createHosts(spec, addresses));
    const servers = stack.use(await startServers(spec, hosts, { threads, signal }));
    signal.throwIfAborted();
    return this.#worlds.build(spec, { hosts, servers, stack });
  }

  async close(): Promise<void> {
    await this.#worlds.close();
  }
}
