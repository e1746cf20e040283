import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fenceFile, KeptFence } from "../../src/agent/kept-fence.ts";
import type { Fence } from "../../src/messages/fence.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "churnlab-fence-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const asked = (storeMs: number, revision: number): { fence: Fence; run: string } => {
  return { fence: { storeMs, revision }, run: `RUN-${storeMs}-${revision}` };
};
const OWN = { agent: "a", server: "nats://lab.example:4222", ca: null };
const file = (): string => fenceFile(directory, OWN);

describe("the newest fence of an agent", () => {
  it("lets those through that have it or a newer one, and no older one any more", () => {
    const kept = new KeptFence(directory, OWN);
    kept.admit(asked(1, 7));
    kept.admit(asked(1, 7));
    kept.admit(asked(1, 8));
    expect(() => kept.admit(asked(1, 7))).toThrow(
      expect.objectContaining({
        code: "E_FLEET_LOCKED",
        message: "a serves a newer controller than RUN-1-7",
        hint: expect.stringContaining(`remove ${file()}`),
      }),
    );
    // A server that lost its files counts anew.
    kept.admit(asked(2, 1));
    expect(() => kept.admit(asked(1, 9))).toThrow(/newer controller/);
  });

  it("holds also after the agent was started anew, for itself and not for others of its directory", () => {
    new KeptFence(directory, OWN).admit(asked(1, 7));
    const again = new KeptFence(directory, OWN);
    expect(() => again.admit(asked(1, 6))).toThrow(/newer controller/);
    expect(() => again.admit(asked(0, 0))).toThrow(/newer controller/);
    again.admit(asked(1, 7));
    new KeptFence(directory, { ...OWN, agent: "b" }).admit(asked(1, 6));
  });

  it("is of one server: another, whose locks are older, begins anew, and the first still refuses who lost its lock there", () => {
    const other = { ...OWN, server: "tls://main.example" };
    new KeptFence(directory, OWN).admit(asked(9, 7));
    new KeptFence(directory, other).admit(asked(1, 2));
    expect(() => new KeptFence(directory, other).admit(asked(1, 1))).toThrow(/newer controller/);
    const back = new KeptFence(directory, { ...OWN, server: "nats://user:key@lab.example" });
    expect(() => back.admit(asked(9, 6))).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("lab.example:4222 is another") }),
    );
  });

  it.each([
    [
      "its fleet's authority",
      "-----BEGIN CERTIFICATE-----\nMII\n",
      "tls://lab.example",
      "tls://192.0.2.7",
    ],
    ["loopback and its port", null, "nats://localhost", "nats://127.0.0.1:4222"],
    ["loopback and its port", null, "127.0.0.2", "nats://[::1]"],
  ])("knows a server by %s, however its URL is spelled", (...[, ca, ...servers]) => {
    const [first, second] = servers.map((server) => ({ agent: "a", server, ca }));
    if (first === undefined || second === undefined) throw new Error("there are two");
    new KeptFence(directory, first).admit(asked(1, 7));
    const again = new KeptFence(directory, second);
    expect(() => again.admit(asked(1, 6))).toThrow(/newer controller/);
  });

  it("is another's where the authority is, or the port of loopback", () => {
    const local = { agent: "a", server: "nats://127.0.0.1", ca: null };
    const others = [
      { ...local, server: "nats://localhost:4223" },
      { ...local, ca: "A" },
      { ...local, ca: "B" },
    ];
    const files = [local, ...others].map((each) => fenceFile(directory, each));
    expect(new Set(files).size).toBe(4);
  });

  it("is on disk before anything is done under it: where it cannot be, nothing is", () => {
    const kept = new KeptFence(directory, OWN);
    mkdirSync(`${file()}.draft`);
    writeFileSync(path.join(`${file()}.draft`, "in the way"), "");
    expect(() => kept.admit(asked(1, 7))).toThrow(expect.objectContaining({ code: "E_DISK" }));
    expect(() => kept.admit(asked(1, 7))).toThrow(/cannot be noted in .*fence-a\..*\.json/);
    rmSync(`${file()}.draft`, { recursive: true });
    kept.admit(asked(1, 7));
    expect(JSON.parse(readFileSync(file(), "utf8"))).toEqual({ storeMs: 1, revision: 7 });
  });

  it.each(["", "{", '{"storeMs":1}', '{"storeMs":1,"revision":7,"more":1}'])(
    "is no guess: a file that holds %j ends the start, and is named",
    (text) => {
      writeFileSync(file(), text);
      expect(() => new KeptFence(directory, OWN)).toThrow(
        expect.objectContaining({
          code: "E_DISK",
          message: expect.stringMatching(/fence-a\..*\.json is not understood/),
        }),
      );
    },
  );
});
