/**
 * The tag in a completion's user data: what it is of in the low byte, the generation of its slot above. The low five bits
 * of the former are the bit of what is in flight no more.
 */
export const OPENING = 0x01;
export const RECEIVING = 0x02;
export const SENDING = 0x04;
/** Waits for readiness. */
export const WATCHING = 0x08;
/** The slot is closed and waits for the completions of what is in flight. Never in a tag. */
export const CLOSED = 0x10;

/** Steps of the opening chain that report failure only; each ends the chain. */
export const SOCKET_FAILED: number = 0x20 | OPENING;
export const BIND_FAILED: number = 0x40 | OPENING;
/** Operations whose failure means nothing: there is nothing to cancel, or to shut down, any more. */
export const UNHEARD = 0x20;
/** Of no slot. */
export const ACCEPTING = 0x40;

export const IN_FLIGHT_MASK = 0x1f;

/** What a generation adds to the tags of its slot. */
export const ONE_GENERATION = 0x100;
