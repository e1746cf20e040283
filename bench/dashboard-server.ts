import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

/** A process whose dashboard shows a run that goes on for ever: `dashboard-once.ts`. */
export interface BenchServer extends AsyncDisposable {
  readonly address: string;
  readUse(): Promise<ServerUse>;
  /** Share of a processor over so many milliseconds. */
  measureCpuShare(overMs: number): Promise<number>;
}

export interface ServerUse {
  readonly cpuUs: number;
  /** After a collection. */
  readonly heapBytes: number;
}

export async function startServer(): Promise<BenchServer> {
  const script = path.join(import.meta.dirname, "dashboard-once.ts");
  const child = spawn(process.execPath, ["--expose-gc", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => String((await lines.next()).value);
  const address = await nextLine();
  const readUse = async (): Promise<ServerUse> => {
    child.stdin.write("\n");
    return JSON.parse(await nextLine()) as ServerUse;
  };
  return {
    address,
    readUse,
    async measureCpuShare(overMs) {
      const [from, fromMs] = [await readUse(), performance.now()];
      await sleep(overMs);
      const [to, toMs] = [await readUse(), performance.now()];
      return (to.cpuUs - from.cpuUs) / 1000 / (toMs - fromMs);
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await new Promise((resolve) => {
        child.once("close", resolve);
      });
    },
  };
}
