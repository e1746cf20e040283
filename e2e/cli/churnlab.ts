import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const ROOT = path.resolve(import.meta.dirname, "../..");
const BIN = path.join(ROOT, "packages/cli/bin/churnlab.mjs");

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when stderr has shown this text. */
  shows(text: string): Promise<void>;
}

/** A folder of its own for a test, removed when disposed. */
export class Workplace implements Disposable {
  readonly folder: string = mkdtempSync(path.join(tmpdir(), "churnlab-e2e-"));

  constructor() {
    // Other users than the one who runs the tests work in it too.
    chmodSync(this.folder, 0o777);
  }

  write(name: string, text: string): string {
    const file = path.join(this.folder, name);
    writeFileSync(file, text);
    return file;
  }

  /** Starts the built command as a user would, with this folder as working directory. */
  start(args: readonly string[], options: { prefix?: readonly string[] } = {}): Started {
    const [command = "", ...rest] = [...(options.prefix ?? []), process.execPath, BIN, ...args];
    const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };
    const child = spawn(command, rest, {
      cwd: this.folder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, stdout, stderr }));
    });
    const shows = async (text: string): Promise<void> => {
      while (!stderr.includes(text)) {
        if (child.exitCode !== null) throw new Error(`ended without "${text}": ${stderr}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    return { child, ended, shows };
  }

  run(args: readonly string[], options: { prefix?: readonly string[] } = {}): Promise<Ended> {
    return this.start(args, options).ended;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A scenario that exhausts 100 ports in a third of a second, beside one that resets and never does. */
export const SMALL_SCENARIO = `
version: 1
name: small
workload: { kind: short-lived, closer: client, arrival: { model: open, rate: 300/s } }
phases: { measure: 1s }
sysctls: { client: { net.ipv4.ip_local_port_range: "40000 40099", net.ipv4.tcp_tw_reuse: 0 } }
variants:
  - { name: fin }
  - { name: rst, workload: { close: rst } }
replicates: 1
`;
