/** More bytes are needed. */
export const PARTIAL = 0;
/** The answer is whole, and nothing came after it. */
export const WHOLE = 1;
/** The bytes are no answer, or more than one. */
export const BROKEN = 2;
export type Progress = typeof PARTIAL | typeof WHOLE | typeof BROKEN;

/** What a whole answer says besides its body. */
export interface AnswerFacts {
  /** Why it does not serve, as an `ERRNO` number (a status from 500 on); 0 when it does. */
  readonly refusal: number;
  /** The server takes no further request on this connection (`Connection: close`, RFC 9112 §9.6). */
  readonly closes: boolean;
}

/** Tells where an answer ends. One per connection, used for one answer after the other. */
export interface ResponseReader extends AnswerFacts {
  /** Ready for the next answer. */
  reset(): void;
  /** Takes `bytes[from..to)`; keeps no reference to them. */
  read(bytes: Uint8Array, from: number, to: number): Progress;
  /** The peer has ended the stream: `WHOLE` where that is how the answer ends, else `PARTIAL`. */
  end(): Progress;
}
