import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  applySysctls,
  createNetworkNamespace,
  type NetworkNamespace,
  readSysctls,
} from "@churnlab/linux";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UndoJournal } from "../../src/agent/undo-journal.ts";

const NAME = "net.ipv4.tcp_max_tw_buckets";

let directory: string;
let namespace: NetworkNamespace;
let was: Readonly<Record<string, string>>;
let told: string[];

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "churnlab-undo-"));
  namespace = createNetworkNamespace();
  was = readSysctls(namespace, [NAME]);
  told = [];
});
afterEach(() => {
  namespace.close();
  rmSync(directory, { recursive: true });
});

const pathTo = ({ fd }: NetworkNamespace): string => `/proc/self/fd/${fd}`;

function journalOf(agent: string, at: NetworkNamespace = namespace, boot?: string): UndoJournal {
  return new UndoJournal({
    directory,
    agent,
    network: { path: pathTo(at), side: { namespace: at } },
    log: (line) => told.push(line),
    ...(boot === undefined ? {} : { boot }),
  });
}

/** As an agent does that is killed afterwards. */
function change(journal: UndoJournal): void {
  journal.keep(was);
  applySysctls(namespace, { [NAME]: "17" });
}

const valueOf = (): string | undefined => readSysctls(namespace, [NAME])[NAME];

test("an agent that was killed finds what to write back, once", () => {
  change(journalOf("a"));
  expect(journalOf("b").recover()).toEqual([]);
  expect(journalOf("a").recover()).toEqual([NAME]);
  expect(readSysctls(namespace, [NAME])).toEqual(was);
  expect(journalOf("a").recover()).toEqual([]);
  expect(told).toEqual([]);
});

test("an agent that is started for another network still writes back where it was killed", () => {
  using other = createNetworkNamespace();
  change(journalOf("a"));
  expect(journalOf("a", other).recover()).toEqual([NAME]);
  expect(readSysctls(namespace, [NAME])).toEqual(was);
});

describe("what an earlier process left", () => {
  test("in a boot that is over is forgotten: the kernel began anew", () => {
    change(journalOf("a", namespace, "a boot that is over"));
    expect(journalOf("a").recover()).toEqual([]);
    expect(valueOf()).toBe("17");
    expect(readdirSync(directory)).toEqual([]);
    expect(told.join()).toContain("boot");
  });

  test("in a namespace that is gone is told of, kept, and written to no other that has its number", () => {
    const lost = createNetworkNamespace();
    journalOf("a", lost).keep({ [NAME]: "17" });
    lost.close();
    // The kernel gives a freed number to the next namespace, unless somebody else was faster.
    using heir = createNetworkNamespace();
    const before = readSysctls(heir, [NAME]);
    expect(journalOf("a", heir).recover()).toEqual([]);
    expect(readSysctls(heir, [NAME])).toEqual(before);
    expect(told.join()).toMatch(/NOT RESTORED.*tcp_max_tw_buckets/);
    const [kept = ""] = readdirSync(directory);
    expect(kept).toMatch(/^undo-a\.json\..*\.lost$/);
    expect(readFileSync(path.join(directory, kept), "utf8")).toContain(NAME);
  });

  test("as a file that nobody understands is told of, and the agent begins all the same", () => {
    writeFileSync(path.join(directory, "undo-a.json"), '{"net.ipv4.ip_forward":"1"');
    expect(journalOf("a").recover()).toEqual([]);
    expect(told.join()).toContain("NOT RESTORED");
    expect(readdirSync(directory)).toEqual([expect.stringContaining(".lost")]);
  });
});

test("nothing is left on disk once the sysctls are as they were", () => {
  const forget = journalOf("a").keep(was);
  expect(readdirSync(directory)).toEqual(["undo-a.json"]);
  forget();
  expect(readdirSync(directory)).toEqual([]);
});
