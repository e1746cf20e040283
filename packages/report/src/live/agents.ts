import { type AgentHealth, CPU_SHARE_BUSY, latenessBoundMs } from "@churnlab/core";
import { h, type JSX } from "preact";
import { DataTable } from "../html/parts/data-table.ts";
import { Mark } from "../html/parts/mark.ts";
import { Value } from "../html/parts/value.ts";

export interface AgentsProps {
  readonly agents: readonly AgentHealth[];
  /** What the schedule asks for at its begin; null in a closed loop, which has none to be late for. */
  readonly ratePerS: number | null;
}

/** Who makes the load, and whether they keep up, by the bounds that a trial is judged by (`judgeValidity`). */
export function Agents({ agents, ratePerS }: AgentsProps): JSX.Element | null {
  if (agents.length === 0) return null;
  return h(
    "section",
    { "aria-labelledby": "live-agents" },
    h("h2", { id: "live-agents" }, "Agents"),
    h(DataTable, {
      caption: "Agents in the last second",
      columns: [
        { title: "agent" },
        { title: "health" },
        { title: "engine" },
        { title: "workers", align: "right" },
        { title: "CPU of a worker", align: "right" },
        { title: "late by, p99", align: "right" },
        { title: "attempted", align: "right" },
        { title: "open", align: "right" },
        { title: "failed", align: "right" },
        { title: "not offered", align: "right" },
      ],
      rows: agents.map((agent) => [
        agent.agent,
        h(Health, { agent, ratePerS }),
        agent.engine ?? "–",
        String(agent.workers),
        h(Value, { value: agent.cpuShare, unit: "share" }),
        h(Value, { value: agent.latenessUs, unit: "us" }),
        h(Value, { value: agent.attemptedPerS, unit: "/s" }),
        h(Value, { value: agent.open }),
        h(Value, { value: agent.failed }),
        h(Value, { value: agent.dropped }),
      ]),
    }),
  );
}

interface HealthProps extends Pick<AgentsProps, "ratePerS"> {
  readonly agent: AgentHealth;
}

function Health({ agent: { cpuShare, latenessUs }, ratePerS }: HealthProps): JSX.Element {
  if ((cpuShare ?? 0) >= CPU_SHARE_BUSY) return h(Mark, { tone: "doubt" }, "no processor left");
  const isLate = ratePerS !== null && (latenessUs ?? 0) > latenessBoundMs(ratePerS) * 1000;
  if (isLate) return h(Mark, { tone: "doubt" }, "late");
  // A schedule that is kept says so by itself; of a closed loop only the processor tells.
  const isKnown = (ratePerS === null ? cpuShare : latenessUs) !== null;
  return isKnown ? h(Mark, { tone: "good" }, "keeps up") : h("span", null, "–");
}
