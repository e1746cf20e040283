import { describe, expect, test } from "vitest";
import { nameEndedStates } from "../src/name-ended-states.ts";
import {
  EndEvent,
  ReceivedResetEvent,
  SentResetEvent,
  type TracedEnd,
  type TracedReset,
} from "../src/reset-events.ts";
import { parseTraceFormat, type TraceFormat } from "../src/trace-format.ts";
import { parseTracePageFormat, visitTracePage } from "../src/trace-page.ts";
import {
  END_FORMAT,
  HEADER_PAGE,
  PAGE,
  RECEIVED_FORMAT,
  SENT_FORMAT,
} from "./fixtures/traced-page.ts";

const SENT = new SentResetEvent(parseTraceFormat(SENT_FORMAT));
const RECEIVED = new ReceivedResetEvent(parseTraceFormat(RECEIVED_FORMAT));
const END = new EndEvent(parseTraceFormat(END_FORMAT));
const SERVER = "198.18.62.194";
const CLIENT = "198.19.62.194";

function readPage() {
  const view = new DataView(PAGE.buffer, PAGE.byteOffset, PAGE.length);
  const resets: TracedReset[] = [];
  const ends: TracedEnd[] = [];
  visitTracePage(view, parseTracePageFormat(HEADER_PAGE), (at, _, atNs) => {
    const id = view.getUint16(at, true);
    if (id === SENT.id) resets.push(SENT.read(view, at, atNs));
    else if (id === RECEIVED.id) resets.push(RECEIVED.read(view, at, atNs));
    else if (id === END.id) ends.push(END.read(view, at, atNs));
  });
  return { resets, ends };
}

/** An event in bytes: fields by name, at the offsets of the format. */
function encode(format: TraceFormat, fields: Record<string, readonly number[]>): DataView {
  const bytes = new Uint8Array(128);
  for (const [name, value] of Object.entries(fields)) {
    bytes.set(value, format.fields.get(name)?.offset ?? Number.NaN);
  }
  return new DataView(bytes.buffer);
}

describe("the resets on a page of a kernel", () => {
  test("are those that were sent, with state and reason, and those that arrived", () => {
    const { resets } = readPage();
    const ofClient = { source: CLIENT, destination: SERVER, state: null, reason: null };
    const ofServer = { direction: "sent", source: SERVER, sourcePort: 80, destination: CLIENT };
    const aborted = (port: number) => [
      { direction: "received", ...ofClient, sourcePort: port, destinationPort: 80 },
      { ...ofServer, destinationPort: port, state: "CLOSE", reason: "TCP_STATE" },
    ];
    expect(resets).toMatchObject([
      ...aborted(56_488),
      ...aborted(56_500),
      { source: SERVER, sourcePort: 81, destination: CLIENT, state: null, reason: "NO_SOCKET" },
      { direction: "received", ...ofClient, destinationPort: 81 },
    ]);
  });

  test("that arrived have the state which their end tells", () => {
    const { resets, ends } = readPage();
    const received = nameEndedStates(resets, ends).filter((each) => each.direction === "received");
    expect(received.map(({ state }) => state)).toEqual(["ESTABLISHED", "ESTABLISHED", "SYN_SENT"]);
  });
});

describe("an event of a reset", () => {
  const format = parseTraceFormat(SENT_FORMAT);
  const sockaddr6 = [10, 0, 0, 80, 0, 0, 0, 0];

  test("over IPv6, and over IPv4 on a dual-stack socket", () => {
    const address = [0x20, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 18, 1, 1];
    const saddr = [...sockaddr6, ...address];
    const view = encode(format, { saddr, daddr: [...sockaddr6, ...mapped], state: [7] });
    expect(SENT.read(view, 0, 1_500_000)).toMatchObject({
      atMs: 1.5,
      source: "2001:2::1",
      sourcePort: 80,
      destination: "198.18.1.1",
    });
    expect(SENT.sourceOf(view, 0)).toBe("2001:2::1");
  });

  test("of a listener does not say to whom", () => {
    const view = encode(format, { saddr: [2, 0, 0, 80, 198, 18, 0, 1], state: [10], reason: [6] });
    expect(SENT.read(view, 0, 0)).toMatchObject({
      source: "198.18.0.1",
      sourcePort: 80,
      destination: null,
      destinationPort: null,
      state: "LISTEN",
      reason: "TCP_FLAGS",
    });
  });

  test("with a reason that has no name has its number, as the kernel prints it", () => {
    const view = encode(format, { saddr: [2, 0, 0, 80, 198, 18, 0, 1], reason: [200] });
    expect(SENT.read(view, 0, 0).reason).toBe("0xc8");
  });

  test("of a kernel before 6.10 has its ports apart, and no reason", () => {
    const before = parseTraceFormat(
      RECEIVED_FORMAT.replace(
        "sport;\toffset:16",
        "state;\toffset:80;\tsize:4;\tsigned:1;\n\tfield:__u16 sport;\toffset:16",
      ),
    );
    const event = new SentResetEvent(before);
    const saddr_v6 = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 18, 0, 1];
    const view = encode(before, { state: [1], sport: [80, 0], dport: [1, 1], saddr_v6 });
    expect(event.hasReasons).toBe(false);
    expect(event.read(view, 0, 0)).toMatchObject({
      source: "198.18.0.1",
      sourcePort: 80,
      destinationPort: 257,
      state: "ESTABLISHED",
      reason: null,
    });
  });

  test("that names no addresses is refused", () => {
    const bare = parseTraceFormat("ID: 7\n\tfield:int state;\toffset:8;\tsize:4;\tsigned:1;\n");
    expect(() => new SentResetEvent(bare)).toThrow("no field saddr");
    expect(() => parseTraceFormat("")).toThrow("without an ID");
  });
});

describe("the state that a reset ended", () => {
  const ends = { source: CLIENT, sourcePort: 40_000, destination: SERVER, destinationPort: 80 };
  const received: TracedReset = {
    ...ends,
    atMs: 2,
    direction: "received",
    state: null,
    reason: null,
  };

  test.each([
    ["an end that came before it", { ...ends, atMs: 1, state: "ESTABLISHED" }],
    ["the end of another port", { ...ends, sourcePort: 1, atMs: 3, state: "ESTABLISHED" }],
    ["the end of another address", { ...ends, source: SERVER, atMs: 3, state: "ESTABLISHED" }],
  ])("is not told by %s", (_, end) => {
    expect(nameEndedStates([received], [end])).toEqual([received]);
  });

  test("is told by an end that another processor traced, in whatever order they are read", () => {
    const again = { ...received, atMs: 5 };
    const [first, second] = ["ESTABLISHED", "CLOSE_WAIT"].map((state, index) => {
      return { ...ends, atMs: 3 + index * 3, state };
    });
    const states = nameEndedStates([again, received], [second, first] as TracedEnd[]);
    expect(states.map(({ atMs, state }) => [atMs, state])).toEqual([
      [2, "ESTABLISHED"],
      [5, "CLOSE_WAIT"],
    ]);
  });
});
