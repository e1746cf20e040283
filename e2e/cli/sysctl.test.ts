import { SYSCTLS } from "@churnlab/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Workplace } from "./churnlab.ts";

let place: Workplace;

beforeAll(() => {
  place = new Workplace();
});

afterAll(() => {
  place[Symbol.dispose]();
});

describe("churnlab sysctl", () => {
  it("lists every knob of the catalogue, one a line", async () => {
    const { code, stdout } = await place.run(["sysctl", "list"]);
    expect(code).toBe(0);
    const names = stdout.split("\n").map((line) => line.split(/\s/)[0]);
    expect(names.slice(1, -1)).toEqual(SYSCTLS.map(({ name }) => name));
  });

  it.each([
    ["tcp_max_syn_backlog", ["acts on", "listens", "three quarters", "ListenDrops", "Often said"]],
    ["net.ipv4.tcp_tw_recycle", ["removed", "Linux 4.12", "NAT"]],
  ])("explains %s", async (name, words) => {
    const { code, stdout } = await place.run(["sysctl", "explain", name]);
    expect(code).toBe(0);
    for (const each of words) expect(stdout).toContain(each);
  });

  it("refuses a name that is nearly one with 2, and says which", async () => {
    const { code, stdout, stderr } = await place.run(["sysctl", "explain", "tcp_tw_reus"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("E_SYSCTL_UNKNOWN");
    expect(stderr).toContain("net.ipv4.tcp_tw_reuse?");
  });
});
