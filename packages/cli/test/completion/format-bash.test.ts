import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { describeWords } from "../../src/completion/describe-words.ts";
import { formatBash } from "../../src/completion/format-bash.ts";
import { buildProgram } from "../../src/program.ts";

const script = formatBash(describeWords(buildProgram(() => {})));

/** What bash offers after these words; the last one is being typed. */
function complete(...words: readonly string[]): string[] {
  const ask = `${script}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _churnlab; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", ask, "bash", "churnlab", ...words], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  return stdout.split("\n").filter((line) => line !== "");
}

test("bash offers every command, and those that begin as what was typed", () => {
  const names = buildProgram(() => {}).commands.map((command) => command.name());
  expect(complete("")).toEqual(expect.arrayContaining(names));
  expect(complete("comp").toSorted()).toEqual(["compare", "completion"]);
});

test("bash offers the options of a command and the choices of an option", () => {
  expect(complete("run", "--repl")).toEqual(["--replicates"]);
  expect(complete("run", "s.yaml", "--testbed", "")).toEqual(["netns", "docker", "external"]);
  expect(complete("sysctl", "exp")).toEqual(["explain"]);
  expect(complete("sysctl", "explain", "--")).toEqual(["--json", "--help"]);
});

test("bash offers nothing of its own where a file is meant, so that files are offered", () => {
  expect(complete("run", "scen")).toEqual([]);
  expect(script).toContain("complete -o default");
});
