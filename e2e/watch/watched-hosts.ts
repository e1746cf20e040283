import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import type { NetworkNamespace } from "@churnlab/linux";
import type { WatchDocument } from "@churnlab/report/watch";
import { makeTwoHosts, type TwoHosts } from "../../packages/linux/test/fixtures/two-hosts.ts";

/** Somebody without any capability. */
export const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] as const;

/** Two hosts, and in the client a process for others to look at it by. */
export class WatchedHosts implements Disposable {
  readonly hosts: TwoHosts = makeTwoHosts();
  readonly resident: ChildProcess = this.client.run(() =>
    spawn("sleep", ["300"], { stdio: "ignore" }),
  );

  get client(): NetworkNamespace {
    return this.hosts.client;
  }

  get target(): NetworkNamespace {
    return this.hosts.target;
  }

  get pid(): string {
    return String(this.resident.pid);
  }

  /** Ends the resident process, and waits until it is gone. */
  async endResident(): Promise<void> {
    const ended = new Promise((resolve) => this.resident.once("exit", resolve));
    this.resident.kill("SIGKILL");
    await ended;
  }

  [Symbol.dispose](): void {
    this.resident.kill("SIGKILL");
    this.hosts[Symbol.dispose]();
  }
}

/** How many sockets `ss` sees in a state. */
export function countBySs(namespace: NetworkNamespace, state: string): number {
  const { stdout } = namespace.run(() =>
    spawnSync("ss", ["-Htan", "state", state], { encoding: "utf8", maxBuffer: 1 << 26 }),
  );
  return stdout.split("\n").filter((line) => line !== "").length;
}

/** The documents of NDJSON, or the one of `--once`. */
export function parseDocuments(stdout: string): WatchDocument[] {
  if (stdout.startsWith("{\n")) return [JSON.parse(stdout) as WatchDocument];
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as WatchDocument);
}
