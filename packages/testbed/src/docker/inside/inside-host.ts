import { setTimeout as sleep } from "node:timers/promises";
import {
  type ArmedShard,
  type ChurnError,
  type Observer,
  QUEUES_INTERVAL_MS,
  type Role,
  SAMPLE_INTERVAL_MS,
  type TrialWorld,
} from "@churnlab/core";
import { openNetworkNamespace, readBootId } from "@churnlab/linux";
import { monotonicMs, reviveError } from "@churnlab/traffic";
import { readOthersCpuUs } from "../../command/process-session.ts";
import { describeUpstream } from "../../netns-servers.ts";
import { WorldBuilder } from "../../world-builder.ts";
import { ContainerKernel } from "../container-kernel.ts";
import { joinContainer } from "../join-container.ts";
import type {
  BuiltWorld,
  CallName,
  InsideCalls,
  LiveLook,
  RoleLook,
  WorldOrder,
} from "./inside-messages.ts";

/**
 * Queues and latencies are told in one look of so many, and ports too: the recorder, which elsewhere reads them before they are
 * due where a range may have been crossed, cannot ask for them from here.
 */
const FULL_TICKS = QUEUES_INTERVAL_MS / SAMPLE_INTERVAL_MS;

interface InsideWorld {
  readonly world: TrialWorld;
  readonly worlds: WorldBuilder;
  readonly kernel: ContainerKernel;
  readonly isGateway: boolean;
}

type Answers = {
  readonly [Name in CallName]: (
    order: InsideCalls[Name]["order"],
  ) => InsideCalls[Name]["reply"] | Promise<InsideCalls[Name]["reply"]>;
};

/**
 * The world of one trial around the target's container, seen from its own network namespace: it is in the target's, makes those
 * of clients and upstream, and is the load generator too.
 */
export class InsideHost implements AsyncDisposable {
  #built: InsideWorld | null = null;
  #shard: ArmedShard | null = null;
  #ticks = 0;

  readonly #answers: Answers = {
    build: (order) => this.#build(order),
    arm: async (shard) => {
      this.#shard = (await this.#world.agents[0]?.arm(shard)) ?? null;
      return { engine: this.#shard?.engine };
    },
    run: ({ startAtMs }) => this.#armed.run(startAtMs),
    stop: () => {
      this.#shard?.stop();
      return null;
    },
    look: async ({ role, atMs }) => {
      const waitMs = atMs - monotonicMs();
      if (waitMs > 0) await sleep(waitMs);
      return this.#look(this.#observerOf(role), true);
    },
    use: () => this.#require().kernel.use(),
  };

  answer<Name extends CallName>(
    name: Name,
    order: InsideCalls[Name]["order"],
  ): InsideCalls[Name]["reply"] | Promise<InsideCalls[Name]["reply"]> {
    return this.#answers[name](order);
  }

  /** What is to be told now; null before there is anything. */
  takeLive(): LiveLook | null {
    if (this.#built === null) return null;
    const isFull = this.#ticks++ % FULL_TICKS === 0;
    const shard = this.#shard;
    return {
      load:
        shard === null
          ? null
          : {
              tally: shard.live(),
              cpuUs: shard.readCpuUs?.() ?? null,
              latencies: isFull ? (shard.takeLatencies?.() ?? []) : [],
            },
      looks: this.#world.observers.map((observer) => this.#look(observer, isFull)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const built = this.#built;
    this.#built = null;
    if (built === null) return;
    await using stack = new AsyncDisposableStack();
    stack.defer(() => built.worlds.close());
    stack.use(built.world);
  }

  async #build(order: WorldOrder): Promise<BuiltWorld> {
    const { spec, addressKey, facts } = order;
    const worlds = new WorldBuilder(addressKey);
    await using stack = new AsyncDisposableStack();
    const namespace = stack.use(openNetworkNamespace("/proc/thread-self/ns/net"));
    const refusal =
      order.refusal === null ? null : (reviveError(order.refusal, "E_TESTBED") as ChurnError);
    const joined = await joinContainer(
      { ...order, refusal },
      // Its end is this process's too, which is one of its process namespace.
      { spec, namespace, worlds, stack, ended: () => null },
      AbortSignal.timeout(2 * order.patienceMs),
    );
    const { hosts, upstream } = joined;
    const kernel = stack.use(new ContainerKernel(namespace, readOthersCpuUs));
    const address = { host: hosts.target.address, port: order.port, path: "/", tls: false };
    const servers = {
      // The one who asks has it.
      target: { address, ended: () => null, measure: async () => [] },
      facts: { ...facts, ...describeUpstream(upstream) },
      async [Symbol.asyncDispose]() {},
    };
    const world = worlds.build(spec, { hosts, servers, stack });
    this.#built = { world, worlds, kernel, isGateway: upstream !== null };
    const [agent] = world.agents;
    if (agent === undefined) throw new Error("a world has an agent");
    return {
      bootId: readBootId(),
      address,
      sysctls: world.sysctls,
      environment: world.environment,
      warnings: world.warnings,
      agent: { name: agent.name, workers: agent.workers },
      looks: world.observers.map((observer) => this.#look(observer, true)),
    };
  }

  #look(observer: Observer, isFull: boolean): RoleLook {
    const { kernel, isGateway } = this.#require();
    return {
      role: observer.role,
      ...observer.readCounters(),
      atMs: monotonicMs(),
      queues: isFull ? observer.readQueues() : null,
      ports: isFull ? observer.readPorts() : null,
      events: observer.takeEvents(),
      warnings: observer.conclude(),
      keptOpen: isGateway && observer.role === "target" ? kernel.countTowardsUpstream() : 0,
    };
  }

  get #world(): TrialWorld {
    return this.#require().world;
  }

  get #armed(): ArmedShard {
    if (this.#shard === null) throw new Error("a load is armed before it is started");
    return this.#shard;
  }

  #observerOf(role: Role): Observer {
    const observer = this.#world.observers.find((each) => each.role === role);
    if (observer === undefined) throw new Error(`this world has no ${role}`);
    return observer;
  }

  #require(): InsideWorld {
    if (this.#built === null) throw new Error("a world is built before it is used");
    return this.#built;
  }
}
