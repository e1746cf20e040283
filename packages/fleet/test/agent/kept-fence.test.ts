import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KeptFence } from "../../src/agent/kept-fence.ts";
import type { Fence } from "../../src/messages/fence.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "churnlab-fence-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const asked = (storeMs: number, revision: number): { fence: Fence; run: string } => {
  return { fence: { storeMs, revision }, run: `RUN-${storeMs}-${revision}` };
};
const file = (): string => path.join(directory, "fence-a.json");

describe("the newest fence of an agent", () => {
  it("lets those through that have it or a newer one, and no older one any more", () => {
    const kept = new KeptFence(directory, "a");
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
    new KeptFence(directory, "a").admit(asked(1, 7));
    const again = new KeptFence(directory, "a");
    expect(() => again.admit(asked(1, 6))).toThrow(/newer controller/);
    expect(() => again.admit(asked(0, 0))).toThrow(/newer controller/);
    again.admit(asked(1, 7));
    new KeptFence(directory, "b").admit(asked(1, 6));
  });

  it("is on disk before anything is done under it: where it cannot be, nothing is", () => {
    const kept = new KeptFence(directory, "a");
    mkdirSync(`${file()}.draft`);
    writeFileSync(path.join(`${file()}.draft`, "in the way"), "");
    expect(() => kept.admit(asked(1, 7))).toThrow(expect.objectContaining({ code: "E_DISK" }));
    expect(() => kept.admit(asked(1, 7))).toThrow(/cannot be noted in .*fence-a\.json/);
    rmSync(`${file()}.draft`, { recursive: true });
    kept.admit(asked(1, 7));
    expect(JSON.parse(readFileSync(file(), "utf8"))).toEqual({ storeMs: 1, revision: 7 });
  });

  it.each(["", "{", '{"storeMs":1}', '{"storeMs":1,"revision":7,"more":1}'])(
    "is no guess: a file that holds %j ends the start, and is named",
    (text) => {
      writeFileSync(file(), text);
      expect(() => new KeptFence(directory, "a")).toThrow(
        expect.objectContaining({
          code: "E_DISK",
          message: expect.stringMatching(/fence-a\.json is not understood/),
        }),
      );
    },
  );
});
