import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isProcessOfContainer } from "../../src/docker/is-process-of-container.ts";

const STRANGE = "5".repeat(64);

describe("whether a process is of a container", () => {
  it("is not so of a process that is not of it, whatever its process id", () => {
    expect(isProcessOfContainer(process.pid, STRANGE)).toBe(false);
  });

  it("is not so of one that is not there", () => {
    expect(isProcessOfContainer(4_194_305, STRANGE)).toBe(false);
  });

  it("takes no id that any process would match", () => {
    // A word that is in each of these files here.
    const word = readFileSync("/proc/self/cgroup", "utf8").slice(0, 1);
    for (const id of ["", "/", word]) expect(isProcessOfContainer(process.pid, id)).toBe(false);
  });
});
