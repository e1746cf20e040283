import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { applySysctls, createNetworkNamespace, readSysctls } from "@churnlab/linux";
import type { SideNetwork } from "@churnlab/testbed";
import { expect, test } from "vitest";
import { UndoJournal } from "../../src/agent/undo-journal.ts";

const NAME = "net.ipv4.tcp_max_tw_buckets";

test("an agent that was killed finds what to write back, once", () => {
  using namespace = createNetworkNamespace();
  const directory = mkdtempSync(path.join(tmpdir(), "churnlab-undo-"));
  try {
    const network: SideNetwork = { kind: "given", namespace };
    const was = readSysctls(namespace, [NAME]);
    new UndoJournal(directory, "a").keep(was);
    applySysctls(namespace, { [NAME]: "17" });
    expect(new UndoJournal(directory, "b").recover(network)).toEqual([]);
    expect(new UndoJournal(directory, "a").recover(network)).toEqual([NAME]);
    expect(readSysctls(namespace, [NAME])).toEqual(was);
    expect(new UndoJournal(directory, "a").recover(network)).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("nothing is left on disk once the sysctls are as they were", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "churnlab-undo-"));
  try {
    const forget = new UndoJournal(directory, "a").keep({ [NAME]: "1" });
    forget();
    expect(readdirSync(directory)).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
