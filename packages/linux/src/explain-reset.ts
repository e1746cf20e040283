/** What is known of a reset that was sent. */
export interface ResetEvidence {
  /** The kernel's reason (include/net/rstreason.h), null where it gives none. */
  readonly reason: string | null;
  /** State of the sending socket, null where there was none. */
  readonly state: string | null;
  /**
   * Whether the sender's tcp_abort_on_overflow is 1 and its ListenOverflows grew when the reset was sent; absent where
   * that was not looked at.
   */
  readonly overflowAborted?: boolean;
}

/**
 * A cause of resets, in words for people. Which kernel reason stands for which act of a program was measured on Linux
 * 6.18, by doing each: the names alone mislead (SO_LINGER shows as TCP_STATE, not as TCP_ABORT_ON_LINGER).
 */
export const RESET_CAUSES = {
  "no-socket":
    "Nothing listens on the port, or the segment belongs to a connection this host no longer knows.",
  "unread-data": "close() while received data was still unread.",
  "hard-close":
    "The program ended the connection hard: close() with SO_LINGER of zero, connect(AF_UNSPEC), or close() of a listener with connections in its queue.",
  killed: "The socket was destroyed from outside (ss -K, SOCK_DESTROY).",
  "data-after-close":
    "Data arrived for a connection that this side had closed or shut down both ways; or TCP_LINGER2 was negative.",
  "data-after-half-close":
    "Data arrived after close(), while this side only waited for the peer's FIN (FIN_WAIT2).",
  "accept-queue-full": "The accept queue was full, and tcp_abort_on_overflow is 1.",
  "stray-segment":
    "A segment that opens no connection arrived at a listener: late, or of a connection that is forgotten (a TIME_WAIT that tcp_max_tw_buckets refused).",
  "bad-handshake-ack": "A SYN was answered with an acknowledgement of something never sent.",
  "bad-sequence": "A segment acknowledged what was never sent, or too long ago.",
  "old-timestamp": "A segment's timestamp was too old (PAWS, RFC 7323).",
  "keepalive-timeout": "The peer left every keepalive probe unanswered.",
  "no-memory": "The kernel had no memory for the connection, or too many orphans.",
  "negative-linger": "TCP_LINGER2 was negative when the connection was closed.",
  disconnect: "The connection was dissolved while data waited to be sent.",
  multipath: "A rule of Multipath TCP (RFC 8684) ended the subflow.",
  unknown: "The kernel gave no reason, or one that several causes share.",
} as const;

export type ResetCause = keyof typeof RESET_CAUSES;

const BY_REASON: Readonly<Record<string, ResetCause>> = {
  NO_SOCKET: "no-socket",
  TCP_ABORT_ON_CLOSE: "unread-data",
  TCP_ABORT_ON_DATA: "data-after-close",
  TCP_TIMEWAIT_SOCKET: "data-after-half-close",
  TCP_FLAGS: "stray-segment",
  TCP_INVALID_ACK_SEQUENCE: "bad-handshake-ack",
  TCP_TOO_OLD_ACK: "bad-sequence",
  TCP_ACK_UNSENT_DATA: "bad-sequence",
  TCP_OLD_ACK: "bad-sequence",
  TCP_RFC7323_PAWS: "old-timestamp",
  TCP_KEEPALIVE_TIMEOUT: "keepalive-timeout",
  TCP_ABORT_ON_MEMORY: "no-memory",
  TCP_ABORT_ON_LINGER: "negative-linger",
  TCP_DISCONNECT_WITH_DATA: "disconnect",
};

/**
 * At a listener it answers the last ACK that found the accept queue full, and as well a SYN within the window of a
 * handshake that is under way (both are embryonic_reset of tcp_check_req, net/ipv4/tcp_minisocks.c).
 */
export const AMBIGUOUS_REASON = "INVALID_SYN";

/** The cause of a reset that was sent; `unknown` when the evidence does not tell. */
export function explainReset({ reason, state, overflowAborted }: ResetEvidence): ResetCause {
  if (reason === null) return "unknown";
  if (reason === "TCP_STATE") return explainStateReset(state);
  if (reason === AMBIGUOUS_REASON) {
    return state === "LISTEN" && overflowAborted === true ? "accept-queue-full" : "unknown";
  }
  if (reason.startsWith("MPTCP_RST_")) return "multipath";
  return BY_REASON[reason] ?? "unknown";
}

/** The kernel's catch-all: what the program asked for left the socket closed, what others did found it in a state. */
function explainStateReset(state: string | null): ResetCause {
  if (state === null) return "unknown";
  return state === "CLOSE" ? "hard-close" : "killed";
}
