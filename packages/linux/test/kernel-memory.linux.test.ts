import { expect, test } from "vitest";
import { KernelMemory } from "../src/kernel-memory.ts";

test("is zero, a whole number of pages, and keeps what is written", () => {
  using memory = new KernelMemory(5000);
  expect(memory.length).toBe(8192);
  const bytes = memory.bytes();
  expect(bytes.every((byte) => byte === 0)).toBe(true);
  bytes.write("kept", 4094);
  expect(memory.bytes(4094, 4).toString()).toBe("kept");
});

test("views are empty after it is freed, so that a late access cannot touch other memory", () => {
  const memory = new KernelMemory(64);
  const [bytes, words] = [memory.bytes(), memory.words()];
  memory.free();
  memory.free();
  expect(bytes.length).toBe(0);
  expect(words.length).toBe(0);
  expect(words[3]).toBeUndefined();
});

test("costs nothing before it is touched", () => {
  const before = process.memoryUsage.rss();
  using memory = new KernelMemory(2 ** 32);
  memory.bytes(2 ** 31, 1)[0] = 1;
  expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 26);
});
