/** States of a TCP socket as the kernel numbers them (include/net/tcp_states.h), from 1. */
export const TCP_STATES = [
  "ESTABLISHED",
  "SYN_SENT",
  "SYN_RECV",
  "FIN_WAIT1",
  "FIN_WAIT2",
  "TIME_WAIT",
  "CLOSE",
  "CLOSE_WAIT",
  "LAST_ACK",
  "LISTEN",
  "CLOSING",
] as const;

export type TcpState = (typeof TCP_STATES)[number];

/** Room for counts indexed by state number; NEW_SYN_RECV (12) is shown as SYN_RECV by inet_diag. */
export const TCP_STATE_LIMIT = 12;

/** The bit of a state in the mask of an inet_diag request. */
export function maskOfTcpState(state: TcpState): number {
  return 1 << (TCP_STATES.indexOf(state) + 1);
}

/**
 * Every state that inet_diag reports for connections and listeners. Not bit 13 (BOUND_INACTIVE), which makes the kernel
 * walk its table of bound ports as well.
 */
export const ALL_TCP_STATES: number = TCP_STATES.reduce(
  (mask, state) => mask | maskOfTcpState(state),
  0,
);
