import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LOG_TAIL_BYTES, LogTail } from "../../src/command/log-tail.ts";

describe("LogTail", () => {
  it("keeps all of a short log", () => {
    const log = new LogTail();
    log.add(Buffer.from("one\n"));
    log.add(Buffer.from("two\n"));
    expect(log.read()).toBe("one\ntwo\n");
    expect(log.lastLines(1)).toBe("two");
    expect(new LogTail().lastLines(5)).toBe("");
  });

  it("keeps exactly the end of a long one, however it was cut into chunks", () => {
    const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40_000 }), { maxLength: 12 });
    fc.assert(
      fc.property(chunks, (parts) => {
        // ASCII, so that bytes and characters are one.
        const texts = parts.map((part) => Buffer.from(part.map((byte) => 32 + (byte % 90))));
        const log = new LogTail();
        for (const text of texts) log.add(text);
        expect(log.read()).toBe(Buffer.concat(texts).subarray(-LOG_TAIL_BYTES).toString());
      }),
      { numRuns: 50 },
    );
  });

  it("begins with a whole character", () => {
    const log = new LogTail();
    log.add(Buffer.from(`€${"x".repeat(LOG_TAIL_BYTES - 1)}`));
    expect(log.read()).toBe("x".repeat(LOG_TAIL_BYTES - 1));
  });
});
