import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockFile } from "../src/lock-file.ts";

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "churnlab-lock-"));
  file = path.join(directory, "lock");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Another process, once it has said whether it holds the file; it stays until it is killed. */
async function startOther() {
  const hold = `import { lockFile } from "@churnlab/linux";
    globalThis.held = lockFile(${JSON.stringify(file)});
    console.log(globalThis.held === null ? "refused" : "held");
    setInterval(() => {}, 1000);`;
  const args = ["--conditions=@churnlab/source", "--input-type=module", "--eval", hold];
  const child = spawn(process.execPath, args, { cwd: import.meta.dirname });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return {
    said: said.toString().trim(),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

test("a file that one process holds is refused to another, until it lets go", async () => {
  const held = lockFile(file);
  expect(held).not.toBe(null);
  {
    await using other = await startOther();
    expect(other.said).toBe("refused");
  }
  held?.[Symbol.dispose]();
  await using other = await startOther();
  expect(other.said).toBe("held");
});

test("a process that is killed leaves the file, and free", async () => {
  {
    await using other = await startOther();
    expect([other.said, lockFile(file)]).toEqual(["held", null]);
  }
  expect(existsSync(file)).toBe(true);
  const held = lockFile(file);
  expect(held).not.toBe(null);
  held?.[Symbol.dispose]();
});

test("a link is not followed, wherever it leads", () => {
  symlinkSync(path.join(directory, "elsewhere"), file);
  expect(() => lockFile(file)).toThrow(expect.objectContaining({ code: "ELOOP" }));
  expect(existsSync(path.join(directory, "elsewhere"))).toBe(false);
});
