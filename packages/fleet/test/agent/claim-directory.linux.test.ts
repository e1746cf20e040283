import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { claimDirectory } from "../../src/agent/claim-directory.ts";
import { ResultSpool } from "../../src/agent/result-spool.ts";
import { writeDurably } from "../../src/agent/write-durably.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "churnlab-claim-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("a directory of an agent", () => {
  test("is made for this user alone, with those above it, and taken again", () => {
    const directory = path.join(folder, "a/b");
    claimDirectory(directory);
    claimDirectory(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(path.dirname(directory)).mode & 0o777).toBe(0o700);
  });

  test.each([0o777, 0o1777, 0o770, 0o702])("that others can write to (%o) is refused", (mode) => {
    chmodSync(folder, mode);
    expect(() => claimDirectory(folder)).toThrow(expect.objectContaining({ code: "E_DISK" }));
    expect(() => new ResultSpool(folder)).toThrow(/can be written by others/);
  });

  test("of another user is refused", () => {
    const directory = path.join(folder, "theirs");
    mkdirSync(directory, { mode: 0o700 });
    chownSync(directory, 65_534, 65_534);
    expect(() => claimDirectory(directory)).toThrow(/belongs to user 65534, not 0/);
  });

  test("that is a link is refused, wherever it leads", () => {
    const link = path.join(folder, "link");
    symlinkSync(folder, link);
    expect(() => claimDirectory(link)).toThrow(/is no directory but a link/);
  });

  test("that cannot be made says why", () => {
    writeFileSync(path.join(folder, "file"), "");
    expect(() => claimDirectory(path.join(folder, "file/below"))).toThrow(/ENOTDIR/);
  });
});

test("a draft that somebody has put in the way as a link is not followed", () => {
  const precious = path.join(folder, "precious");
  const file = path.join(folder, "file");
  writeFileSync(precious, "kept");
  symlinkSync(precious, `${file}.draft`);
  writeDurably(file, "new");
  expect(readFileSync(precious, "utf8")).toBe("kept");
  expect(readFileSync(file, "utf8")).toBe("new");
});
