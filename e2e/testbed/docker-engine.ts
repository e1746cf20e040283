import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = path.resolve(import.meta.dirname, "../..");
const READY_MS_MAX = 30_000;

/** Whether this machine has an engine to start, and this user may. */
export function canStartEngine(): boolean {
  try {
    execFileSync("dockerd", ["--version"], { stdio: "ignore" });
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}

/**
 * An engine of the test's own: its data in a folder of its own, its bridges and rules in a network namespace of its own, so
 * that nothing of the machine's network or of another engine is touched.
 */
export class DockerEngine implements AsyncDisposable {
  readonly host: string;
  readonly pid: number;
  readonly #folder: string;
  readonly #child: ChildProcess;

  static async start(): Promise<DockerEngine> {
    const folder = mkdtempSync(path.join(tmpdir(), "churnlab-dockerd-"));
    const host = `unix://${folder}/docker.sock`;
    const places = ["data-root", "exec-root"].map((name) => `--${name}=${folder}/${name}`);
    const dockerd = [
      "dockerd",
      ...places,
      `--host=${host}`,
      `--pidfile=${folder}/pid`,
      "--bridge=none",
    ];
    // It ends with the test, however that ends.
    const child = spawn("setpriv", ["--pdeathsig", "TERM", "--", "unshare", "--net", ...dockerd], {
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    child.stderr?.pipe(createWriteStream(path.join(folder, "log")));
    const engine = new DockerEngine(folder, child);
    await engine.#awaitReady();
    return engine;
  }

  private constructor(folder: string, child: ChildProcess) {
    this.#folder = folder;
    this.#child = child;
    this.host = `unix://${folder}/docker.sock`;
    this.pid = child.pid ?? 0;
  }

  run(...args: readonly string[]): string {
    const env = { ...process.env, DOCKER_HOST: this.host, DOCKER_BUILDKIT: "0" };
    return execFileSync("docker", args, { encoding: "utf8", env, cwd: ROOT, stdio: "pipe" }).trim();
  }

  /** The images of the Dockerfile, on a base made of the pinned Node. */
  buildImages(): void {
    const env = { ...process.env, DOCKER_HOST: this.host };
    execFileSync("node", ["scripts/build-base-image.mjs"], { cwd: ROOT, env, stdio: "pipe" });
    const base = ["--build-arg", "BASE=churnlab-base"];
    this.run("build", "--quiet", ...base, "--target", "target", "--tag", "churnlab-target", ".");
  }

  containers(): string[] {
    const names = this.run("ps", "--all", "--format", "{{.Names}}");
    return names === "" ? [] : names.split("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) {
      this.#child.kill("SIGTERM");
      await once(this.#child, "exit", { signal: AbortSignal.timeout(READY_MS_MAX) });
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #awaitReady(): Promise<void> {
    const untilMs = performance.now() + READY_MS_MAX;
    while (performance.now() < untilMs && this.#child.exitCode === null) {
      try {
        this.run("info");
        return;
      } catch {
        await sleep(100);
      }
    }
    throw new Error(`dockerd did not start: ${readFileSync(`${this.#folder}/log`, "utf8")}`);
  }
}
