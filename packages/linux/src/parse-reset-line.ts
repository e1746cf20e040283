/** A reset as the kernel traced it. `source` is the traced host's own end, `destination` the other. */
export interface TracedReset {
  /** CLOCK_MONOTONIC. */
  readonly atMs: number;
  readonly direction: "sent" | "received";
  readonly source: string;
  readonly sourcePort: number;
  /** Null for what a listener answers: the kernel traces the listener's own peer then, which is nobody. */
  readonly destination: string | null;
  readonly destinationPort: number | null;
  /**
   * State of the socket, without the kernel's TCP_. Null where no socket was found, and in a line of a received reset,
   * which does not tell it.
   */
  readonly state: string | null;
  /** As the kernel calls it (include/net/rstreason.h); null for a received reset and where the kernel gives none. */
  readonly reason: string | null;
}

/** A socket that was ended before its time: what a reset does to the one that receives it. */
export interface TracedEnd {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** The state it was in, without the kernel's TCP_. */
  readonly state: string;
}

const LINE = /\s(\d+)\.(\d{6}): (tcp_send_reset|tcp_receive_reset): (.*)$/;
const END_LINE = / inet_sock_set_state: (.*)$/;

/**
 * Reads one line of trace_pipe; undefined for anything that is not one of the two events. The fields are taken by their
 * names in the kernel's `print fmt`, which has gained some over time.
 */
export function parseResetLine(line: string): TracedReset | undefined {
  const [, seconds, microseconds, event, text] = LINE.exec(line) ?? [];
  if (text === undefined) return undefined;
  const fields = readFields(text);
  const atMs = (Number(seconds) * 1e6 + Number(microseconds)) / 1000;
  return event === "tcp_send_reset" ? parseSent(fields, atMs) : parseReceived(fields, atMs);
}

/** Reads a line of trace_pipe on which a socket's state became CLOSE; undefined for any other. */
export function parseEndLine(line: string): TracedEnd | undefined {
  const [, text] = END_LINE.exec(line) ?? [];
  if (text === undefined) return undefined;
  const fields = readFields(text);
  const endpoints = parseEndpoints(fields);
  const state = fields.get("oldstate");
  if (endpoints === undefined || state === undefined) return undefined;
  return { ...endpoints, state: state.replace(/^TCP_/, "") };
}

type Fields = ReadonlyMap<string | undefined, string | undefined>;

function readFields(text: string): Fields {
  return new Map([...text.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]));
}

function parseSent(fields: Fields, atMs: number): TracedReset | undefined {
  const source = splitEndpoint(fields.get("src"));
  const destination = splitEndpoint(fields.get("dest"));
  if (source === undefined || destination === undefined) return undefined;
  const state = fields.get("state");
  const nobody = destination.port === 0;
  return {
    atMs,
    direction: "sent",
    source: source.address,
    sourcePort: source.port,
    destination: nobody ? null : destination.address,
    destinationPort: nobody ? null : destination.port,
    state: state === undefined || state === "UNKNOWN" ? null : state.replace(/^TCP_/, ""),
    reason: fields.get("reason") ?? null,
  };
}

function parseReceived(fields: Fields, atMs: number): TracedReset | undefined {
  const endpoints = parseEndpoints(fields);
  if (endpoints === undefined) return undefined;
  return { atMs, direction: "received", ...endpoints, state: null, reason: null };
}

/** As events of sockets have them, with the addresses of both families. */
function parseEndpoints(fields: Fields): Omit<TracedEnd, "state"> | undefined {
  const suffix = fields.get("family") === "AF_INET6" ? "v6" : "";
  const source = fields.get(`saddr${suffix}`);
  const destination = fields.get(`daddr${suffix}`);
  if (source === undefined || destination === undefined) return undefined;
  return {
    source: plainAddress(source),
    sourcePort: Number(fields.get("sport")),
    destination: plainAddress(destination),
    destinationPort: Number(fields.get("dport")),
  };
}

/** `198.18.0.1:80` or `[2001:2::1]:80` (%pISpc). */
function splitEndpoint(text: string | undefined): { address: string; port: number } | undefined {
  const [, bracketed, plain, port] = /^(?:\[(.*)\]|([^[\]]*)):(\d+)$/.exec(text ?? "") ?? [];
  const address = bracketed ?? plain;
  return address === undefined ? undefined : { address: plainAddress(address), port: Number(port) };
}

/** IPv4 on a dual-stack socket is IPv4. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}
