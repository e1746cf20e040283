import { execFileSync } from "node:child_process";
import path from "node:path";
import { buildReport } from "@churnlab/report";
import { openStore } from "@churnlab/store";
import { expect, it } from "vitest";
import { makeRun } from "../../packages/report/test/fixtures/make-run.ts";
import { MATRIX, TW_REUSE } from "../../packages/report/test/fixtures/scenarios.ts";
import { Workplace } from "../cli/churnlab.ts";

interface Case {
  readonly text: string;
  readonly flags: readonly string[];
  readonly parsed: Parameters<typeof makeRun>[2];
}

const RATE = "variants.it's.workload.arrival.rate=40/s";
const QUOTED = TW_REUSE.replace("replicates: 6", "replicates: 2").replace(
  "variants:",
  `variants:\n  - { name: "it's" }`,
);
const TWO_OF_MATRIX = "rate=50/s,rate=100/s";

const CASES: readonly Case[] = [
  {
    text: QUOTED,
    flags: ["--set", RATE, "--set", "phases.measure=3s", "--only", "it's", "--replicates", "3"],
    parsed: { set: [RATE, "phases.measure=3s"], only: ["it's"], replicates: 3 },
  },
  {
    text: MATRIX.replace(/\n {2}sysctls.*/, ""),
    flags: ["--only", TWO_OF_MATRIX, "--seed", "77"],
    parsed: { only: [TWO_OF_MATRIX], seed: 77 },
  },
];

it.each(CASES)("a report prints the command that makes its run again: $flags", async (each) => {
  using place = new Workplace();
  using store = openStore(path.join(place.folder, "it's here.db"), { mode: "write" });
  const runId = makeRun(store, each.text, each.parsed);
  const [commands = "", scenario = ""] = readCode(await buildReport(store, runId));
  const [line = ""] = commands.split("\n");
  place.write("scenario.yaml", scenario);
  place.write("first.yaml", each.text);
  const [program, command, ...rest] = splitWords(line.replace(/^\$ /, ""));
  expect([program, command]).toEqual(["churnlab", "run"]);
  const plan = async (args: readonly string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await place.run(["plan", ...args, "--json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return JSON.parse(stdout);
  };
  const again = await plan(rest);
  expect(again).toEqual(await plan(["first.yaml", ...each.flags]));
  expect(again).not.toEqual(await plan(["first.yaml"]));
});

/** The texts of the section that says how to make the run again: the commands, then the scenario. */
function readCode(html: string): string[] {
  const section = html.slice(html.indexOf('<section id="reproduce"'));
  return [...section.matchAll(/<code>([^<]*)<\/code>/g)].map(([, text = ""]) =>
    text.replaceAll("&lt;", "<").replaceAll("&quot;", '"').replaceAll("&amp;", "&"),
  );
}

/** As a shell does. */
function splitWords(line: string): string[] {
  const script = `set -- ${line}; printf '%s\\0' "$@"`;
  return execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1);
}
