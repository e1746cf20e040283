import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { TemporaryDirectory } from "./made-run.ts";

const writer = fileURLToPath(new URL("full-disk-writer.ts", import.meta.url));

/** Runs the writer where only it sees the small disk: the mount is gone with its namespace. */
function onTinyDisk(story: "write-too-much" | "fill-up-before-close"): unknown {
  using directory = new TemporaryDirectory();
  const script =
    'mount -t tmpfs -o size=1m tiny "$1" && exec "$2" --conditions=@churnlab/source "$3" "$1" "$4"';
  const inNamespace = ["--user", "--map-root-user", "--mount", "sh", "-ec", script, "sh"];
  const args = [...inNamespace, directory.path, process.execPath, writer, story];
  return JSON.parse(execFileSync("unshare", args, { encoding: "utf8", timeout: 30_000 }));
}

test("a disk that fills up during a run loses nothing that was saved", () => {
  expect(onTinyDisk("write-too-much")).toEqual({
    tooMuch: "E_DISK",
    closing: "none",
    files: ["runs.db"],
    trialIds: [0],
  });
});

test("a disk too full to tidy up keeps the data in the -wal until there is space", () => {
  expect(onTinyDisk("fill-up-before-close")).toEqual({
    closing: "E_DISK",
    walAfterClose: true,
    files: ["runs.db"],
    kept: true,
  });
});
