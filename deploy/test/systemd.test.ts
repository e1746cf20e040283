import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const UNIT = path.resolve(import.meta.dirname, "../systemd/churnlab-agent.service");
const text = readFileSync(UNIT, "utf8");

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), "churnlab-systemd-"));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("systemd takes the unit without a complaint", () => {
  expect(verify(text)).toEqual({ status: 0, complaints: "" });
});

test("the check complains of a directive that does not exist", () => {
  const { complaints } = verify(text.replace("NoNewPrivileges=", "NoNewPrivilege="));
  expect(complaints).toContain("NoNewPrivilege");
});

test("it keeps six capabilities, and its exposure is below 4 of 10", () => {
  const args = ["security", "--offline=true", "--threshold=40", "--no-pager", install(text)];
  const { status, stdout } = spawnSync("systemd-analyze", args, { encoding: "utf8" });
  expect(stdout).toMatch(/Overall exposure level .*: [0-3]\.\d/);
  expect(status).toBe(0);
  const kept = /^CapabilityBoundingSet=(.*)$/m.exec(text)?.[1]?.split(" ");
  expect(kept).toEqual([
    "CAP_SYS_ADMIN",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_SYS_RESOURCE",
    "CAP_NET_BIND_SERVICE", // a target on port 80
    "CAP_SYS_NICE",
  ]);
});

test("an agent that was asked to end has not failed", () => {
  expect(text).toMatch(/^SuccessExitStatus=130$/m);
});

function verify(unit: string): { status: number | null; complaints: string } {
  const args = ["verify", "--man=no", install(unit)];
  const { status, stderr } = spawnSync("systemd-analyze", args, { encoding: "utf8" });
  return { status, complaints: stderr };
}

/** The unit with a program that exists: systemd looks for it, and churnlab need not be installed here. */
function install(unit: string): string {
  const file = path.join(directory, "churnlab-agent.service");
  writeFileSync(file, unit.replace("/usr/local/bin/churnlab", "/bin/true"));
  return file;
}
