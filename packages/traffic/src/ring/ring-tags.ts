/**
 * The tag in a completion's user data: what it belongs to in the low byte, the generation of its slot above. In the low four
 * bits of the former is the bit of the operation that is in flight no more.
 */
export const OPENING = 1;
export const RECEIVING = 2;
export const SENDING = 4;
/** The slot is closed as soon as nothing else of it is in flight. Never in a tag. */
export const CLOSED = 8;

/** Steps of the opening chain that only report failure; each ends the chain. */
export const SOCKET_FAILED: number = 0x10 | OPENING;
export const BIND_FAILED: number = 0x20 | OPENING;
/** Operations whose failure means nothing: there is nothing to cancel, or to shut down, any more. */
export const UNHEARD = 0x40;

/** What a generation adds to the tags of its slot. */
export const ONE_GENERATION = 0x100;
