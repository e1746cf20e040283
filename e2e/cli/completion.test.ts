import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { openStore } from "@churnlab/store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRun } from "../../packages/report/test/fixtures/make-run.ts";
import { TWO_SECONDS } from "../../packages/report/test/fixtures/scenarios.ts";
import { Workplace } from "./churnlab.ts";

const BIN = path.resolve(import.meta.dirname, "../../packages/cli/bin/churnlab.mjs");

const place = new Workplace();
afterAll(() => place[Symbol.dispose]());

/** Oldest first. */
const runIds: string[] = [];

beforeAll(() => {
  const command = place.write("churnlab", `#!/bin/sh\nexec ${process.execPath} ${BIN} "$@"\n`);
  chmodSync(command, 0o755);
  using store = openStore(path.join(place.folder, "runs.db"), { mode: "write" });
  for (const startedAtUnixMs of [Date.UTC(2026, 10, 1), Date.UTC(2026, 10, 2)]) {
    runIds.push(makeRun(store, TWO_SECONDS, { startedAtUnixMs }));
  }
});

function runShell(shell: string, script: string, args: readonly string[]): string[] {
  const env = { ...process.env, PATH: `${place.folder}:${process.env["PATH"] ?? ""}` };
  const { stdout, stderr } = spawnSync(shell, ["-c", script, ...args], {
    cwd: place.folder,
    env: { ...env, HOME: place.folder },
    encoding: "utf8",
    timeout: 30_000,
  });
  expect(stderr).toBe("");
  return stdout.split("\n").filter((line) => line !== "");
}

/** What each shell offers after these words; the last one is being typed. */
const COMPLETE: Readonly<Record<string, (words: readonly string[]) => string[]>> = {
  bash: (words) =>
    runShell(
      "bash",
      `source <(churnlab completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _churnlab
       printf '%s\\n' "\${COMPREPLY[@]}"`,
      ["bash", "churnlab", ...words],
    ),
  zsh: (words) =>
    runShell(
      "zsh",
      // The builtin works inside the line editor alone; what it is given is what it would offer.
      `source <(churnlab completion zsh)
       compadd() { [[ $1 == -- ]] && shift; for word in "$@"; do [[ $word == $PREFIX* ]] && print -r -- $word; done; true }
       _describe() { print -rl -- "\${(P)2[@]%%:*}" }
       _files() { }
       words=("$@"); CURRENT=$#; PREFIX=\${@[-1]}; _churnlab`,
      ["zsh", "churnlab", ...words],
    ),
  fish: (words) =>
    runShell("fish", "churnlab completion fish | source; complete -C (string join ' ' -- $argv)", [
      "churnlab",
      ...words,
    ]).map((line) => line.split("\t")[0] ?? ""),
};

describe.each(Object.entries(COMPLETE))("%s", (_, complete) => {
  it("offers the runs of the database that the line names, newest first or all of them", () => {
    const offered = complete(["compare", "--db", "runs.db", ""]);
    expect(offered).toEqual(expect.arrayContaining(["last", ...runIds]));
    const typed = (runIds[0] as string).slice(0, -1);
    expect(complete(["gate", "--db", "runs.db", typed])).toContain(runIds[0]);
  });

  it("offers the metrics of the newest run", () => {
    const args = ["history", "--db", "runs.db", "client.connections.ra"];
    expect(complete(args)).toEqual(["client.connections.rate"]);
    const option = ["compare", "last", "--db", "runs.db", "--metric", "client.latency.connect.p9"];
    expect(complete(option)).toContain("client.latency.connect.p99");
  });

  it("says nothing where there is no database, and makes none", () => {
    const offered = complete(["compare", "--db", "absent.db", ""]);
    expect(offered).not.toContain("last");
    expect(existsSync(path.join(place.folder, "absent.db"))).toBe(false);
  });

  it("still offers the options of a command and the choices of an option", () => {
    expect(complete(["compare", "--str"])).toContain("--strict");
    expect(complete(["export", "last", "--format", "open"])).toContain("openmetrics");
  });
});

describe("what a script asks", () => {
  it.each(["runs", "metrics"])("of %s leaves the database as it was", async (what) => {
    const file = path.join(place.folder, "runs.db");
    const before = [statSync(file).mtimeMs, statSync(file).size, readdirSync(place.folder)];
    const { code, stdout } = await place.run(["completion", what, "--db", "runs.db"]);
    expect(code).toBe(0);
    expect(stdout.split("\n").length).toBeGreaterThan(2);
    expect([statSync(file).mtimeMs, statSync(file).size, readdirSync(place.folder)]).toEqual(
      before,
    );
  });

  it("is empty for a file that is no database", async () => {
    place.write("foreign.db", "not a database\n".repeat(100));
    expect(await place.run(["completion", "runs", "--db", "foreign.db"])).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
  });
});
