/** An arrival of an open loop that is later than this is dropped: offering it now would distort the schedule. */
export const LATENESS_MAX_MS = 1000;

/** Units of work one worker has in flight at most; further arrivals are dropped. A bound on memory, not on load. */
export const IN_FLIGHT_MAX = 131_072;

/**
 * After failed connects, a closed loop begins retries at least this far apart, per worker. A connect() that searches an
 * exhausted port range costs 4 to 10 ms of CPU, so unpaced retries would saturate a core and measure nothing else.
 */
export const RETRY_GAP_MS = 20;

/** How often an engine looks for time-outs and for the stop flag; a time-out may fire this much late. */
export const SWEEP_MS = 50;

/** Bytes of a response head, or of a chunk header, beyond which it counts as unparsable. */
export const HEAD_BYTES_MAX = 65_536;
