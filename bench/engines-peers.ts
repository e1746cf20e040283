// The other load generators of the engines benchmark: how each is called, and where it prints what it has done.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { CLOSING_PORT, KEEPING_PORT, TARGET_HOST } from "./engines-world.ts";

export const CONNECTIONS = 64;

/** What a load generator reports. */
export interface Done {
  readonly completed: number;
  readonly seconds: number;
}

export interface Peer {
  readonly name: string;
  readonly program: readonly string[];
  /** Arguments for connections of one request each that the server closes; null where it has no such mode. */
  shortLived(seconds: number): readonly string[] | null;
  keepAlive(seconds: number): readonly string[] | null;
  parse(this: void, stdout: string): Done;
}

const closing = `http://${TARGET_HOST}:${CLOSING_PORT}/`;
const keeping = `http://${TARGET_HOST}:${KEEPING_PORT}/`;
const connections = String(CONNECTIONS);

/** Installed by scripts/install-bench-peers.sh, beside what comes from Debian. */
const autocannon = path.resolve(
  import.meta.dirname,
  "../.cache/bench-peers/node_modules/autocannon/autocannon.js",
);

/** Loads that end by themselves are given more than they can do; all of these stop after a time. */
const ENDLESS = "100000000";
/** httperf offers a rate; see `open-loop` for ours at the same. */
const HTTPERF_RATE = 10_000;

const PEERS: readonly Peer[] = [
  {
    name: "wrk",
    program: ["wrk"],
    shortLived: (s) => ["-t1", `-c${connections}`, `-d${s}`, closing],
    keepAlive: (s) => ["-t1", `-c${connections}`, `-d${s}`, keeping],
    parse: (text) => found(text, /(\d+) requests in ([\d.]+)(m?s)/),
  },
  {
    name: "ab",
    program: ["ab"],
    shortLived: (s) => ["-q", "-t", String(s), "-n", ENDLESS, "-c", connections, closing],
    keepAlive: (s) => ["-q", "-k", "-t", String(s), "-n", ENDLESS, "-c", connections, keeping],
    parse: (text) => ({
      completed: numberAfter(text, "Complete requests:"),
      seconds: numberAfter(text, "Time taken for tests:"),
    }),
  },
  {
    name: "hey",
    program: ["hey"],
    shortLived: (s) => ["-z", `${s}s`, "-c", connections, "-disable-keepalive", closing],
    keepAlive: (s) => ["-z", `${s}s`, "-c", connections, keeping],
    parse: (text) => ({
      completed: numberAfter(text, "[200]"),
      seconds: numberAfter(text, "Total:"),
    }),
  },
  {
    name: "httperf",
    program: ["httperf"],
    shortLived: (s) =>
      `--hog --server ${TARGET_HOST} --port ${CLOSING_PORT} --uri / --rate ${HTTPERF_RATE}`
        .split(" ")
        .concat("--num-conns", String(HTTPERF_RATE * s)),
    keepAlive: () => null,
    parse: (text) => found(text, /replies (\d+) test-duration ([\d.]+) (s)/),
  },
  {
    name: "h2load",
    program: ["h2load"],
    shortLived: () => null,
    keepAlive: (s) => ["--h1", "-D", String(s), "-c", connections, keeping],
    parse: (text) => ({
      completed: Number(/(\d+) succeeded/.exec(text)?.[1]),
      seconds: numberAfter(text, "finished in"),
    }),
  },
  {
    name: "autocannon",
    program: [process.execPath, autocannon],
    shortLived: () => null,
    keepAlive: (s) => ["--json", "-c", connections, "-d", String(s), keeping],
    parse: (text) => {
      const { "2xx": completed, duration: seconds } = JSON.parse(text) as Record<string, number>;
      return { completed: completed ?? Number.NaN, seconds: seconds ?? Number.NaN };
    },
  },
];

/** The peers that are here; `log` is told of the others. */
export function installedPeers(log: (line: string) => void): readonly Peer[] {
  return PEERS.filter(({ name, program }) => {
    const file = program.at(-1) as string;
    const here = path.isAbsolute(file)
      ? existsSync(file)
      : spawnSync("sh", ["-c", `command -v ${file}`]).status === 0;
    if (!here) log(`${name} is not installed, so it has no rows: scripts/install-bench-peers.sh`);
    return here;
  });
}

function found(text: string, pattern: RegExp): Done {
  const [, completed, time, unit] = pattern.exec(text) ?? [];
  return { completed: Number(completed), seconds: Number(time) / (unit === "ms" ? 1000 : 1) };
}

function numberAfter(text: string, label: string): number {
  const at = text.indexOf(label);
  return at === -1 ? Number.NaN : Number.parseFloat(text.slice(at + label.length));
}
