import { deltaCounters, type Role, TIME_WAIT_S, type Warning } from "@churnlab/core";
import type { RoleReadings } from "./role-recorder.ts";
import type { TrialEvidence } from "./trial-evidence.ts";

const TIME_WAIT_MS = TIME_WAIT_S * 1000;

/**
 * Whether the gauge of TIME_WAIT changed by what the kernel counted: created − taken over by connect() − expired − killed
 * by a reset − replaced by a SYN. The last two have no counter, but cannot be more than the resets that arrived or were
 * sent, and the connections that were accepted; and nothing expires in a trial that is shorter than their life. Not
 * judged while sockets are still closing: gauge and counters are then of different moments. Nor where a host was lost: what it
 * had counted is known, and no longer what it holds.
 */
export function judgeTimeWait({
  recording,
  world,
  losses,
}: Pick<TrialEvidence, "recording" | "world" | "losses">): Warning[] {
  if (losses.length > 0) return [];
  if (recording.warnings().some(({ code }) => code === "W_NOT_SETTLED")) return [];
  const elapsedMs = recording.measureEndedAtMs - recording.startedAtMs;
  return recording.readings().flatMap((readings) => {
    const { role } = readings.observer;
    const expires = elapsedMs >= shortestLifeMs(role, world.environment.facts);
    const problem = findImbalance(readings, expires);
    return problem === null
      ? []
      : [{ code: "W_TIME_WAIT_IDENTITY" as const, message: `${role}: ${problem}` }];
  });
}

/**
 * A socket in FIN_WAIT2 is counted and shown as one in TIME_WAIT, and lives for tcp_fin_timeout. Above 60 s the first part
 * of that time is spent as a full socket, which is in no gauge (tcp_rcv_state_process).
 */
function shortestLifeMs(role: Role, facts: Readonly<Record<string, string>>): number {
  const finTimeoutMs = Number(facts[`${role}.net.ipv4.tcp_fin_timeout`] ?? 60) * 1000;
  const halfClosedMs =
    finTimeoutMs <= TIME_WAIT_MS ? finTimeoutMs : Math.max(0, finTimeoutMs - TIME_WAIT_MS);
  return Math.min(TIME_WAIT_MS, halfClosedMs);
}

/** null where it adds up, or a term cannot be told. */
function findImbalance({ idle, after }: RoleReadings, expires: boolean): string | null {
  const { deltas } = deltaCounters(idle, after);
  const gauges = [idle.gauges["time_wait"], after.gauges["time_wait"]];
  const terms = ["tcpext.TW", "tcpext.TWKilled", "tcpext.TWRecycled"].map((name) => deltas[name]);
  const [before, now] = gauges;
  const [created, createdShort, recycled] = terms;
  if (before === undefined || now === undefined) return null;
  if (created === undefined || createdShort === undefined || recycled === undefined) return null;
  const change = now - before;
  const most = created + createdShort - recycled;
  const counted = `${created + createdShort} were created and ${recycled} taken over`;
  if (change > most) return `TIME_WAIT changed by ${change}, but ${counted}`;
  const [received, sent, accepted] = ["rst.received", "tcp.OutRsts", "tcp.PassiveOpens"].map(
    (name) => deltas[name],
  );
  if (expires || received === undefined || sent === undefined || accepted === undefined)
    return null;
  const least = most - received - sent - accepted;
  if (change >= least) return null;
  return `TIME_WAIT changed by ${change}, but ${counted}, and resets and new connections ended ${received + sent + accepted} at most`;
}
