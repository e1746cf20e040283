import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const READY_MS_MAX = 30_000;
const END_MS_MAX = 30_000;

export interface PrivateEngineOptions {
  /** Its data is on a disk of this size, for example `32m`; on the machine's own where absent. */
  readonly disk?: string;
}

/** A second engine, for tests that do to it what nobody may do to an engine in use. */
export class PrivateEngine implements AsyncDisposable {
  /** Holds its data, its socket and its log. */
  readonly folder: string = mkdtempSync(path.join(tmpdir(), "churnlab-engine-"));
  readonly host: string = `unix://${this.folder}/docker.sock`;
  readonly #options: PrivateEngineOptions;
  #child: ChildProcess | null = null;

  static async start(options: PrivateEngineOptions = {}): Promise<PrivateEngine> {
    const engine = new PrivateEngine(options);
    await engine.start();
    return engine;
  }

  private constructor(options: PrivateEngineOptions) {
    this.#options = options;
  }

  /** Where the engine sees its data: a disk of its own is mounted in its mount namespace only. */
  get data(): string {
    return `/proc/${this.#child?.pid}/root${this.folder}/data`;
  }

  /** Starts it, also again with what it has kept. */
  async start(): Promise<void> {
    const { disk } = this.#options;
    const data = `${this.folder}/data`;
    const mount = disk === undefined ? "" : `mount -t tmpfs -o size=${disk} none ${data} &&`;
    const inner = `mkdir -p ${data} && ${mount} exec dockerd --data-root ${data} \
      --exec-root ${this.folder}/exec --pidfile ${this.folder}/pid --host ${this.host} --bridge none`;
    const log = openSync(`${this.folder}/log`, "a");
    const unshare = ["unshare", "--net", "--mount", "sh", "-c", inner];
    // It ends with the test, however that ends.
    this.#child = spawn("setpriv", ["--pdeathsig", "TERM", "--", ...unshare], {
      stdio: ["ignore", log, log],
      detached: true,
    });
    closeSync(log);
    await this.#awaitReady(this.#child);
  }

  /** As a crash would: nothing is tidied up, and what runs in containers goes on. */
  async crash(): Promise<void> {
    await this.#end("SIGKILL");
    rmSync(`${this.folder}/pid`, { force: true });
  }

  run(...args: readonly string[]): string {
    const env = { ...process.env, DOCKER_HOST: this.host };
    return execFileSync("docker", args, { encoding: "utf8", env, stdio: "pipe" }).trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end("SIGTERM");
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit", { signal: AbortSignal.timeout(END_MS_MAX) });
    child.kill(signal);
    await ended;
  }

  async #awaitReady(child: ChildProcess): Promise<void> {
    const untilMs = performance.now() + READY_MS_MAX;
    while (performance.now() < untilMs && child.exitCode === null) {
      try {
        this.run("info");
        return;
      } catch {
        await sleep(100);
      }
    }
    throw new Error(`dockerd did not start: ${readFileSync(`${this.folder}/log`, "utf8")}`);
  }
}
