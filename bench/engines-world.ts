// The hosts of the engines benchmark: a client, and a target with one nginx worker, new for every figure, so that no
// TIME_WAIT of one meets the next.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  applySysctls,
  bindC,
  createNetworkNamespace,
  joinByVeth,
  type NetworkNamespace,
} from "@churnlab/linux";

export const TARGET_HOST = "198.18.0.1";
/** nginx closes after each answer. */
export const CLOSING_PORT = 8081;
/** nginx keeps connections. */
export const KEEPING_PORT = 8080;

const RUSAGE_CHILDREN = -1;
const MAX_BUFFER = 64 * 2 ** 20;

const nginxConf = (home: string, workers: number): string => `
worker_processes ${workers};
worker_rlimit_nofile 20000;
daemon off;
pid ${home}/nginx.pid;
error_log ${home}/error.log crit;
events { worker_connections 19000; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_header_timeout 600s;
  default_type text/plain;
  server { listen ${TARGET_HOST}:${KEEPING_PORT} backlog=4096 reuseport; location / { return 200 "ok\\n"; } }
  server {
    listen ${TARGET_HOST}:${CLOSING_PORT} backlog=4096;
    keepalive_timeout 0;
    location / { return 200 "ok\\n"; }
  }
}
`;

/** What a program printed, and the CPU time of its process, user and system, from its start to its end. */
export interface Finished {
  readonly stdout: string;
  readonly cpuUs: number;
}

/** Two hosts joined by veth, and more clients where one address has too few ports. */
export class BenchWorld implements AsyncDisposable {
  readonly clients: readonly [NetworkNamespace, ...NetworkNamespace[]];
  readonly target: NetworkNamespace = createNetworkNamespace();
  readonly #children: ChildProcess[] = [];
  readonly #home: string = mkdtempSync(path.join(os.tmpdir(), "churnlab-bench-"));

  constructor(clients = 1) {
    const others = Array.from({ length: clients - 1 }, (_, i) => this.#addClient(i + 1));
    this.clients = [this.#addClient(0), ...others];
  }

  static clientAddress(i: number): string {
    return `198.19.0.${i + 1}`;
  }

  async startNginx(workers = 1): Promise<void> {
    const conf = path.join(this.#home, "nginx.conf");
    writeFileSync(conf, nginxConf(this.#home, workers));
    const nginx = this.target.run(() =>
      spawn("nginx", ["-c", conf, "-p", this.#home], { stdio: "ignore" }),
    );
    this.#children.push(nginx);
    await this.#untilListening(KEEPING_PORT);
  }

  /** Starts a program in the target's namespace and waits until it has printed a line. */
  async startTarget([program = "", ...args]: readonly string[]): Promise<ChildProcess> {
    const child = this.target.run(() =>
      spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] }),
    );
    this.#children.push(child);
    if (child.stdout !== null) await once(child.stdout, "data");
    return child;
  }

  /** Runs a program in the first client's namespace to its end; it inherits all client namespaces as descriptors 3, 4 … */
  run([program = "", ...args]: readonly string[]): Finished {
    const before = cpuUsOfChildren();
    const result = this.clients[0].run(() =>
      spawnSync(program, args, {
        encoding: "utf8",
        maxBuffer: MAX_BUFFER,
        stdio: ["ignore", "pipe", "pipe", ...this.clients.map(({ fd }) => fd)],
      }),
    );
    if (result.error !== undefined) throw result.error;
    if (result.status !== 0)
      throw new Error(`${program} ended with ${result.status}: ${result.stderr}`);
    return { stdout: result.stdout, cpuUs: cpuUsOfChildren() - before };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#children
        .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
        .map(async (child) => {
          child.kill("SIGTERM");
          await once(child, "exit");
        }),
    );
    for (const namespace of [this.target, ...this.clients]) namespace.close();
    rmSync(this.#home, { recursive: true });
  }

  #addClient(i: number): NetworkNamespace {
    const namespace = createNetworkNamespace();
    joinByVeth({
      left: { namespace, device: "c0", addresses: [BenchWorld.clientAddress(i)] },
      right: { namespace: this.target, device: `t${i}`, addresses: [TARGET_HOST] },
    });
    applySysctls(namespace, {
      "net.ipv4.ip_local_port_range": "1025 65534",
      "net.ipv4.tcp_tw_reuse": "1",
    });
    return namespace;
  }

  async #untilListening(port: number): Promise<void> {
    for (let attempt = 0; attempt < 200; attempt++) {
      if (this.#isListening(port)) return;
      await sleep(10);
    }
    throw new Error("nginx does not listen");
  }

  #isListening(port: number): boolean {
    const { stdout } = this.target.run(() =>
      spawnSync("ss", ["-Hltn", `sport = :${port}`], { encoding: "utf8" }),
    );
    return stdout.trim() !== "";
  }
}

type Getrusage = (who: number, usage: Uint8Array) => number;
let getrusage: Getrusage | undefined;

/** CPU time of all children that have been waited for: struct rusage begins with user and system time. */
function cpuUsOfChildren(): number {
  getrusage ??= bindC<Getrusage>("int getrusage(int who, void *usage)");
  const usage = Buffer.alloc(144);
  getrusage(RUSAGE_CHILDREN, usage);
  const us = (at: number): number =>
    Number(usage.readBigInt64LE(at)) * 1e6 + Number(usage.readBigInt64LE(at + 8));
  return us(0) + us(16);
}
