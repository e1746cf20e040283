import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openStore } from "@churnlab/store";
import { describe, expect, it } from "vitest";
import { makeRun } from "../../packages/report/test/fixtures/make-run.ts";
import { TWO_SECONDS } from "../../packages/report/test/fixtures/scenarios.ts";
import { Workplace } from "../cli/churnlab.ts";

/** A folder with a database of one run. */
function workplaceWithRun(): Workplace {
  const place = new Workplace();
  using store = openStore(path.join(place.folder, "churnlab.db"), { mode: "write" });
  makeRun(store, TWO_SECONDS);
  return place;
}

describe("churnlab report", () => {
  it.each([
    { output: "missing/report.html", why: "no directory" },
    { output: "folder", why: "a directory" },
    { output: "/dev/full", why: "a full disk" },
  ])("says that it cannot write where there is $why, with 2 and no stack", async ({ output }) => {
    using place = workplaceWithRun();
    mkdirSync(path.join(place.folder, "folder"));
    const { code, stderr, stdout } = await place.start(["report", "last", "-o", output]).ended;
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^✗ .*\(E_OUTPUT\)/m);
    expect(stderr).toContain(output);
    expect(stderr).not.toContain("    at ");
  });

  it("of a database without a run says so, and writes nothing", async () => {
    using place = new Workplace();
    openStore(path.join(place.folder, "churnlab.db"), { mode: "write" }).close();
    const { code, stderr } = await place.start(["report", "last", "-o", "out.html"]).ended;
    expect(code).toBe(2);
    expect(stderr).toContain("E_RUN_UNKNOWN");
    expect(existsSync(path.join(place.folder, "out.html"))).toBe(false);
  });
});

describe("a stdout that is full", () => {
  it.each([
    ["what a command prints", ["show", "last"]],
    ["a report in one piece", ["export", "last", "--format", "csv"]],
    ["a report line by line", ["export", "last", "--format", "ndjson"]],
  ])("ends with 2 and is said once, for %s", async (_, args) => {
    using place = workplaceWithRun();
    const prefix = ["sh", "-c", '"$@" > /dev/full', "sh"];
    const { code, stderr } = await place.run(args, { prefix });
    expect(stderr).toMatch(
      /^✗ stdout cannot be written \(ENOSPC\) {2}\(E_OUTPUT\)\n {2}fix: .*\n$/,
    );
    expect(code).toBe(2);
  });

  it("leaves a command the status that it ends with by itself", async () => {
    using place = workplaceWithRun();
    const prefix = ["sh", "-c", '"$@" > /dev/full', "sh"];
    const { code, stderr } = await place.run(["compare", "last", "--strict"], { prefix });
    expect(stderr).toContain("E_OUTPUT");
    expect(code).toBe((await place.run(["compare", "last", "--strict"])).code);
    expect(code).toBe(5);
  });
});

describe("churnlab serve", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("ends well at %s", async (signal) => {
    using place = workplaceWithRun();
    const started = place.start(["serve", "--port", "0"]);
    await started.shows("Ctrl-C ends it.");
    started.child.kill(signal);
    expect((await started.ended).code).toBe(0);
  });

  it("says that its port is taken, and how to have another", async () => {
    using place = workplaceWithRun();
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await place.start(["serve", "--port", String(port)]).ended;
    server.close();
    expect(code).toBeGreaterThan(1);
    expect(stderr).toContain(String(port));
    expect(stderr).toContain("--port 0");
  });
});

describe("a database of a newer churnlab", () => {
  it.each(["report", "serve", "show"])("is refused by %s with 2", async (command) => {
    using place = workplaceWithRun();
    const file = path.join(place.folder, "churnlab.db");
    using db = new DatabaseSync(file);
    db.exec("PRAGMA user_version = 99");
    db.close();
    const args = command === "serve" ? ["serve", "--port", "0"] : [command, "last"];
    const { code, stderr } = await place.start(args).ended;
    expect(code).toBe(2);
    expect(stderr).toContain("churnlab.db");
    expect(stderr).toMatch(/newer/);
  });
});
