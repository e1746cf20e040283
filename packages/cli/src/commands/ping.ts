import { setTimeout as sleep } from "node:timers/promises";
import { ChurnError } from "@churnlab/core/errors";
import { pingHandshake } from "@churnlab/linux";
import {
  describePing,
  formatPingProbe,
  formatPingSummary,
  formatPingTarget,
  type PingDocument,
  type PingProbe,
} from "@churnlab/report/watch";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { parsePingTarget } from "../ping/parse-ping-target.ts";
import { terminal } from "../terminal.ts";
import { untilStopped } from "../watch/until-stopped.ts";

interface PingOptions {
  readonly count: number;
  readonly interval: number;
  readonly timeout: number;
  readonly json?: boolean;
}

/** Measures TCP handshakes, one after the other. Throws `E_USAGE`, and `E_NO_ANSWER` when none succeeded. */
export async function ping(text: string, options: PingOptions): Promise<ExitCode> {
  const target = await parsePingTarget(text, options.timeout);
  const say = options.json ? () => {} : (line: string) => terminal.print(line);
  using stop = untilStopped();
  const { signal } = stop;
  const probes: PingProbe[] = [];
  say(formatPingTarget(target));
  for (let sequence = 1; sequence <= options.count && !signal.aborted; sequence += 1) {
    const begunMs = performance.now();
    const handshake = await pingHandshake({ ...target, signal });
    // A probe that was not waited for to its end tells nothing.
    if (signal.aborted && handshake.answer === "filtered") break;
    const probe = { sequence, ...handshake };
    probes.push(probe);
    say(formatPingProbe(probe, target));
    if (sequence === options.count) break;
    const leftMs = options.interval - (performance.now() - begunMs);
    await sleep(Math.max(0, leftMs), undefined, { signal }).catch(() => {});
  }
  const summary = describePing(target, probes);
  if (options.json) terminal.print(JSON.stringify(summary, null, 2));
  else for (const line of ["", ...formatPingSummary(summary)]) terminal.print(line);
  if (summary.open === 0 && probes.length > 0) throw noAnswer(summary);
  return EXIT.ok;
}

function noAnswer({ target, closed, filtered, unsent }: PingDocument): ChurnError {
  const end = `${target.host} port ${target.port}`;
  if (closed > 0) {
    return new ChurnError("E_NO_ANSWER", `${end} is closed`, {
      hint: "The host is up and nothing listens there, or a packet filter rejects with RST or ICMP.",
    });
  }
  if (filtered > 0) {
    return new ChurnError("E_NO_ANSWER", `${end} does not answer`, {
      hint: "A packet filter drops, the host is down, or its accept queue is full.",
    });
  }
  if (unsent > 0) {
    return new ChurnError("E_NO_ANSWER", `No SYN could be sent to ${end}`, {
      hint: `No route leads there (\`ip route get ${target.address}\`), or no local port, descriptor or permission is left.`,
    });
  }
  return new ChurnError("E_NO_ANSWER", `${end} cannot be reached`, {
    hint: "A router or a packet filter refuses it, or nobody has the address.",
  });
}
