import { once } from "node:events";
import { chmodSync, existsSync, linkSync, readdirSync, statSync } from "node:fs";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parseScenario, planTrials } from "@churnlab/core";
import { openStore, type Store } from "@churnlab/store";
import { describe, expect, it } from "vitest";
import { liveSocketPath } from "../../src/dashboard/live-socket-path.ts";
import { offerLiveRuns } from "../../src/dashboard/offer-live-runs.ts";
import { fileSource } from "../../src/dashboard/run-source.ts";
import { type Dashboard, startDashboard } from "../../src/dashboard/start-dashboard.ts";
import { LiveFeed } from "../../src/live/live-feed.ts";
import type { LiveSnapshot } from "../../src/live/live-message.ts";
import { makeRun, TemporaryDirectory } from "../fixtures/make-run.ts";
import { type PlayOptions, playRun } from "../fixtures/play-run.ts";
import { TW_REUSE } from "../fixtures/scenarios.ts";
import { simulateTrial } from "../fixtures/simulate-trial.ts";
import { readEvents } from "./open-dashboard.ts";

const TWO_TRIALS = TW_REUSE.replace("replicates: 6", "replicates: 1");

/** A database that is written, with an offer to follow it, and a dashboard that only has the file. */
class Offered implements AsyncDisposable {
  readonly place = new TemporaryDirectory();
  readonly file: string = this.place.file("runs.db");
  readonly store: Store = openStore(this.file, { mode: "write" });
  readonly feed = new LiveFeed();
  readonly offer: Disposable = offerLiveRuns(this.file, this.feed);
  readonly #dashboards: Dashboard[] = [];

  async serve(): Promise<Dashboard> {
    const source = fileSource(this.file);
    const dashboard = await startDashboard({ source, version: "0.1.0", port: 0 });
    this.#dashboards.push(dashboard);
    return dashboard;
  }

  /** Begins a run and goes into its first trial, which is not saved. */
  begin(): string {
    const scenario = parseScenario(TWO_TRIALS, "scenario.yaml");
    const plan = planTrials(scenario);
    const startedAtUnixMs = Date.now();
    const runId = this.store.startRun({ scenario, plan, version: "0.1.0", startedAtUnixMs });
    this.feed.begin({ runId, scenario, plan, expectedMs: 16_000, startedAtUnixMs });
    const trial = plan.trials[0];
    if (trial === undefined) throw new Error("a plan has trials");
    this.feed.enterPhase(trial, "measure");
    for (const { tMs, role, metric, value } of simulateTrial(trial, { startedAtUnixMs }).samples) {
      this.feed.addSample({ tMs, values: { [`${role}.${metric}`]: value } });
    }
    this.feed.addAgents([]);
    this.feed.enterPhase(trial, "drain");
    return runId;
  }

  play(options: PlayOptions): Promise<string> {
    return playRun(this, TWO_TRIALS, options);
  }

  socketOf(runId: string): string {
    return liveSocketPath(this.file, runId) ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const dashboard of this.#dashboards) await dashboard.close();
    this.offer[Symbol.dispose]();
    this.store.close();
    this.place[Symbol.dispose]();
  }
}

async function readLive(dashboard: Dashboard): Promise<LiveSnapshot> {
  return (await (await fetch(new URL("/api/live", dashboard.address))).json()) as LiveSnapshot;
}

describe("a run that another process follows", { timeout: 30_000 }, () => {
  it("shows its samples before its trial is saved, with what it planned", async () => {
    await using offered = new Offered();
    const runId = offered.begin();
    const dashboard = await offered.serve();
    await expect.poll(async () => (await readLive(dashboard)).origin).toBe("process");
    const live = await readLive(dashboard);
    expect(live).toMatchObject({
      phase: "running",
      plan: { runId, expectedMs: 16_000 },
      trial: { phase: "drain", variant: "baseline" },
      results: [],
    });
    expect(live.series["client.time_wait"]?.tMs.length).toBeGreaterThan(10);
  });

  it("is scraped as it is now, twice, with no page open", async () => {
    await using offered = new Offered();
    offered.begin();
    const dashboard = await offered.serve();
    for (const timeWait of [777, 888]) {
      // Longer than the follower waits before it leaves a run that nobody watches.
      await sleep(1300);
      offered.feed.addSample({ tMs: 10 * timeWait, values: { "client.time_wait": timeWait } });
      await sleep(400);
      const text = await (await fetch(new URL("/metrics", dashboard.address))).text();
      expect(text).toMatch(
        new RegExp(`^churnlab_live_time_wait_sockets\\{.*role="client"\\} ${timeWait}$`, "m"),
      );
    }
  });

  it("ends with the numbers of the database for three dashboards and a reader that never reads", async () => {
    await using offered = new Offered();
    const dashboards = [await offered.serve(), await offered.serve(), await offered.serve()];
    // Streams that stay open, and are held: without any nobody follows.
    const streams = await Promise.all(
      dashboards.map(({ address }) => fetch(new URL("/api/stream", address))),
    );
    const deaf: ReturnType<typeof connect>[] = [];
    const origins = new Set<string>();
    let moments = 0;
    const runId = await offered.play({
      waitMs: 40,
      onMoment: () => {
        moments++;
        if (moments === 1) {
          const name = readdirSync(offered.place.path).find((one) => one.endsWith(".live1"));
          deaf.push(connect(offered.place.file(name ?? "")).pause());
        }
        if (moments % 10 === 0) {
          void readLive(dashboards[0] as Dashboard).then(({ origin }) => origins.add(origin));
        }
      },
    });
    const stored = offered.store.loadRun(runId).trialList.map(({ trialId, measurements }) => ({
      trialId,
      failed: measurements.find(({ metric }) => metric === "connections.failed")?.value,
    }));
    for (const dashboard of dashboards) {
      await expect.poll(async () => (await readLive(dashboard)).phase).toBe("ended");
      const { endState, results } = await readLive(dashboard);
      expect(endState).toBe("completed");
      expect(results.map(({ trialId, failed }) => ({ trialId, failed }))).toEqual(stored);
    }
    expect(origins).toContain("process");
    for (const socket of deaf) socket.destroy();
    for (const { body } of streams) await body?.cancel();
  });

  it("leaves nothing beside its database when it has ended", async () => {
    await using offered = new Offered();
    const runId = await offered.play({ waitMs: 0 });
    await expect.poll(() => existsSync(offered.socketOf(runId))).toBe(false);
  });

  it("is read by whoever may read its database, and by nobody else", async () => {
    await using offered = new Offered();
    const modes: number[] = [];
    for (const mode of [0o644, 0o640, 0o600]) {
      chmodSync(offered.file, mode);
      const socket = offered.socketOf(offered.begin());
      const modeOf = (): number => (statSync(socket, { throwIfNoEntry: false })?.mode ?? 0) & 0o777;
      // It is given its mode a moment after it is there.
      await expect.poll(modeOf).toBe(mode | ((mode & 0o444) >> 1));
      modes.push(modeOf());
      offered.feed.end("completed");
    }
    expect(modes).toEqual([0o666, 0o660, 0o600]);
  });

  it("takes a socket over that a killed process left, and removes those of other runs", async () => {
    await using offered = new Offered();
    const left = `${offered.file}-01KILLED00.live1`;
    const other = createServer().listen(left);
    await once(other, "listening");
    // A socket without its process: the name goes away with the server, and is put back.
    linkSync(left, `${left}.kept`);
    other.close();
    await once(other, "close");
    linkSync(`${left}.kept`, left);
    expect(existsSync(left)).toBe(true);
    using _again = offerLiveRuns(offered.file, new LiveFeed());
    await expect.poll(() => existsSync(left)).toBe(false);
  });
});

describe("a run that cannot be reached", { timeout: 30_000 }, () => {
  it("is followed trial by trial, and when it is to be expected is said", async () => {
    await using offered = new Offered();
    makeRun(offered.store, TW_REUSE, { runningAfter: 5 });
    const live = await readLive(await offered.serve());
    expect(live).toMatchObject({ phase: "running", origin: "database" });
    expect(live.results).toHaveLength(5);
    expect(live.plan?.expectedMs).toBeGreaterThan(12 * 8000);
  });

  it.each(["HTTP/1.1 400 Bad Request\r\n\r\n", 'data: {"type":"constructor"}\n\n', "data: {\n\n"])(
    "and where something else answers in its place: %j",
    async (answer) => {
      await using offered = new Offered();
      const runId = makeRun(offered.store, TW_REUSE, { runningAfter: 5 });
      const strange = createServer((socket) => {
        socket.on("error", () => {});
        socket.write(answer);
      }).listen(offered.socketOf(runId));
      await once(strange, "listening");
      const dashboard = await offered.serve();
      const [event] = await readEvents(new URL("/api/stream", dashboard.address).href, 1);
      expect(event?.type).toBe("snapshot");
      await sleep(50);
      expect(await readLive(dashboard)).toMatchObject({ phase: "running", origin: "database" });
      strange.close();
    },
  );

  it("is no gauge of this moment: a trial that was saved is over", async () => {
    await using offered = new Offered();
    makeRun(offered.store, TW_REUSE, { runningAfter: 5 });
    const dashboard = await offered.serve();
    for (let i = 0; i < 2; i++) {
      const text = await (await fetch(new URL("/metrics", dashboard.address))).text();
      expect(text).toMatch(/^churnlab_live_trials\{.*state="completed"\} 5$/m);
      expect(text.match(/^churnlab_live_(?!trials)/gm)).toBeNull();
    }
  });

  it("has a database whose path is too long for a socket", () => {
    expect(liveSocketPath(`/tmp/${"long/".repeat(30)}runs.db`, "01ABC")).toBeNull();
  });
});
