import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { SystemError } from "@churnlab/linux";
import { type ErrorRecord, recordError, reviveError } from "@churnlab/traffic";
import { describe, expect, it } from "vitest";
import { readFrames, writeFrame } from "../../src/docker/inside/frames.ts";

async function encode(values: readonly unknown[]): Promise<Buffer> {
  const stream = new PassThrough();
  for (const value of values) writeFrame(stream, value);
  stream.end();
  return buffer(stream);
}

async function decode(chunks: readonly Buffer[]): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of readFrames(Readable.from(chunks))) values.push(value);
  return values;
}

describe("messages over a pipe", () => {
  it("arrive as they were sent, wherever the pipe cuts them", async () => {
    const values = [null, { counts: Uint32Array.of(1, 2, 2 ** 32 - 1), none: undefined }, "ü"];
    const bytes = await encode(values);
    for (let cut = 1; cut < bytes.length; cut++) {
      expect(await decode([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(values);
    }
    const singly = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
    expect(await decode(singly)).toEqual(values);
  });

  it("bring an error with its system call and the stack of the other side", async () => {
    const [record] = await decode([await encode([recordError(new SystemError("setns", 1))])]);
    const error = reviveError(record as ErrorRecord, "E_TESTBED");
    expect(error).toMatchObject({ code: "E_TESTBED", message: expect.stringContaining("setns") });
    expect(error.cause).toContain("SystemError");
  });

  it("that are cut off by the end are left out", async () => {
    const bytes = await encode(["first", "second"]);
    expect(await decode([bytes.subarray(0, -1)])).toEqual(["first"]);
  });
});
