import { describe, expect, it } from "vitest";
import type { AgentLink } from "../../src/controller/agent-link.ts";
import { RemoteObserver } from "../../src/controller/remote-observer.ts";
import type { ReadReply } from "../../src/messages/trial-messages.ts";

const LIVE_MS = 100;
const key = { trial: 1, attempt: 1 };

/** A host whose one counter and one gauge are what is set here. */
interface Host {
  readonly link: AgentLink;
  opens: number;
  timeWait: number;
  lose(): void;
}

function aHost(name: string): Host {
  const lost = new AbortController();
  const host: Host = {
    opens: 0,
    timeWait: 0,
    lose: () => lost.abort(new Error(`${name} is gone`)),
    link: {
      name,
      lost: lost.signal,
      nowMs: () => 0,
      toAgentMs: (atMs: number) => atMs,
      toControllerMs: (atMs: number) => atMs,
      ask: async (): Promise<ReadReply> => {
        lost.signal.throwIfAborted();
        const look = { ...readingOf(host), events: [], warnings: [] };
        return { roles: [look], target: null } as unknown as ReadReply;
      },
    } as unknown as AgentLink,
  };
  return host;
}

function readingOf({ opens, timeWait }: Host) {
  return {
    role: "client" as const,
    atMs: 50,
    gauges: { time_wait: timeWait, "host.load1": 3 },
    counters: { "tcp.ActiveOpens": opens },
    queues: null,
    ports: null,
  };
}

async function watch(hosts: readonly Host[]): Promise<RemoteObserver> {
  const links = hosts.map(({ link }) => link);
  const onReply = (): void => {};
  const observer = new RemoteObserver({ role: "client", links, key, liveMs: LIVE_MS, onReply });
  await observer.lookAt({ atMs: 0, marks: true });
  return observer;
}

function tell(observer: RemoteObserver, seq: number, hosts: readonly Host[]): void {
  for (const host of hosts) {
    const readings = [readingOf(host)];
    observer.take(host.link, { run: "R", key, seq, load: null, readings, targetEnded: null });
  }
}

/** Two hosts of which each has opened as many connections as it has sockets in TIME_WAIT. */
async function watchTwo(): Promise<{ a: Host; b: Host; observer: RemoteObserver }> {
  const [a, b] = [aHost("a"), aHost("b")];
  const observer = await watch([a, b]);
  Object.assign(a, { opens: 10, timeWait: 10 });
  Object.assign(b, { opens: 7, timeWait: 7 });
  tell(observer, 1, [a, b]);
  return { a, b, observer };
}

describe("samples of several hosts", () => {
  it("count once all parts have come, as sums, at the time of their line", async () => {
    const [a, b] = [aHost("a"), aHost("b")];
    const observer = await watch([a, b]);
    a.opens = 10;
    tell(observer, 1, [a]);
    expect(observer.readCounters().counters).toEqual({ "tcp.ActiveOpens": 0 });
    tell(observer, 1, [b]);
    expect(observer.readCounters()).toMatchObject({
      counters: { "tcp.ActiveOpens": 10 },
      atMs: LIVE_MS,
    });
    expect(observer.missed).toBe(0);
  });

  it("that never are complete are counted: between two that are, and as they make room for later ones", async () => {
    const { a, b, observer } = await watchTwo();
    tell(observer, 2, [a]);
    tell(observer, 4, [a, b]);
    expect(observer.missed).toBe(2); // 2, of which half came, and 3, of which none did
    for (let seq = 5; seq <= 5 + 20; seq++) tell(observer, seq, [a]);
    expect(observer.missed).toBe(2 + 5);
    tell(observer, 26, [a, b]);
    expect(observer.missed).toBe(2 + 21);
    tell(observer, 26, [a, b]);
    expect(observer.missed).toBe(2 + 21);
  });
});

describe("a host that is lost", () => {
  it("is not waited for: its counters stay, its gauges are nobody's", async () => {
    const { a, b, observer } = await watchTwo();
    expect(observer.readCounters().gauges).toEqual({ time_wait: 17, "host.load1": 3 });
    b.lose();
    Object.assign(a, { opens: 20, timeWait: 20 });
    tell(observer, 2, [a]);
    expect(observer.readCounters()).toEqual({
      gauges: { time_wait: 20, "host.load1": 3 },
      counters: { "tcp.ActiveOpens": 27 },
      atMs: 2 * LIVE_MS,
    });
    expect(observer.missed).toBe(0);
  });

  it("has no part in later samples, should it come back", async () => {
    const { a, b, observer } = await watchTwo();
    b.lose();
    b.opens = 1000;
    tell(observer, 2, [b, a]);
    expect(observer.readCounters().counters).toEqual({ "tcp.ActiveOpens": 17 });
  });

  it("counts in a later look what it said last, were that in a sample", async () => {
    const { a, b, observer } = await watchTwo();
    a.lose(); // the first: what is of the whole machine is taken of one that lives
    b.opens = 9;
    const look = await observer.lookAt({ atMs: 0, marks: false });
    expect(look).toMatchObject({
      gauges: { time_wait: 7, "host.load1": 3 },
      counters: { "tcp.ActiveOpens": 19 },
    });
  });

  it("while it is looked at does not fail the look", async () => {
    const { a, b, observer } = await watchTwo();
    Object.assign(b.link, {
      ask: async () => {
        b.lose();
        throw b.link.lost.reason;
      },
    });
    const look = await observer.lookAt({ atMs: 0, marks: false });
    expect(look.counters).toEqual({ "tcp.ActiveOpens": 17 });
    expect(a.link.lost.aborted).toBe(false);
  });

  it("before it was ever seen fails the look", async () => {
    const host = aHost("a");
    host.lose();
    await expect(watch([host])).rejects.toThrow("a is gone");
  });
});

describe("a look at a time to come", () => {
  const nowMs = (): number => performance.now();
  const onAClock = (): Host & { asked: number[] } => {
    const host = aHost("a");
    const asked: number[] = [];
    const ask = host.link.ask.bind(host.link);
    const told = (...args: Parameters<AgentLink["ask"]>): Promise<unknown> => {
      asked.push(nowMs());
      return ask(...args);
    };
    Object.assign(host.link, { nowMs, ask: told, unlessLost: (work: Promise<unknown>) => work });
    return Object.assign(host, { asked });
  };

  it("is asked for two seconds before, and not when it is wished for: a server lets nobody answer much later", async () => {
    const host = onAClock();
    const observer = await watch([host]);
    const atMs = nowMs() + 2300;
    await observer.lookAt({ atMs, marks: true });
    expect(host.asked).toHaveLength(2);
    expect(atMs - (host.asked[1] ?? 0)).toBeLessThanOrEqual(2005);
  });

  it("is not asked for any more once the trial is over", async () => {
    const host = onAClock();
    const observer = await watch([host]);
    const looking = observer.lookAt({ atMs: nowMs() + 60_000, marks: true });
    observer.close();
    await expect(looking).rejects.toThrow(/abort/i);
    expect(host.asked).toHaveLength(1);
  });
});
