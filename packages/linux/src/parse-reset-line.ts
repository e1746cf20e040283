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
  /** State of the socket, without the kernel's TCP_; null where no socket was found, and for a received reset. */
  readonly state: string | null;
  /** As the kernel calls it (include/net/rstreason.h); null for a received reset and where the kernel gives none. */
  readonly reason: string | null;
}

const LINE = /\s(\d+)\.(\d{6}): (tcp_send_reset|tcp_receive_reset): (.*)$/;

/**
 * Reads one line of trace_pipe; undefined for anything that is not one of the two events. The fields are taken by their
 * names in the kernel's `print fmt`, which has gained some over time.
 */
export function parseResetLine(line: string): TracedReset | undefined {
  const [, seconds, microseconds, event, text] = LINE.exec(line) ?? [];
  if (text === undefined) return undefined;
  const fields = new Map(
    [...text.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]),
  );
  const atMs = (Number(seconds) * 1e6 + Number(microseconds)) / 1000;
  return event === "tcp_send_reset" ? parseSent(fields, atMs) : parseReceived(fields, atMs);
}

type Fields = ReadonlyMap<string | undefined, string | undefined>;

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
  const suffix = fields.get("family") === "AF_INET6" ? "v6" : "";
  const source = fields.get(`saddr${suffix}`);
  const destination = fields.get(`daddr${suffix}`);
  if (source === undefined || destination === undefined) return undefined;
  return {
    atMs,
    direction: "received",
    source: plainAddress(source),
    sourcePort: Number(fields.get("sport")),
    destination: plainAddress(destination),
    destinationPort: Number(fields.get("dport")),
    state: null,
    reason: null,
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
