import { type ConnectionStep, ERRNO, numberErrno } from "@churnlab/core";

export interface WireFailure {
  readonly step: ConnectionStep;
  readonly errno: number;
}

/** What undici's own error codes mean in terms of a connection; system errors keep their errno. */
const MEANINGS: Readonly<Record<string, WireFailure>> = {
  UND_ERR_CONNECT_TIMEOUT: { step: "connect", errno: ERRNO.ETIMEDOUT },
  UND_ERR_HEADERS_TIMEOUT: { step: "receive", errno: ERRNO.ETIMEDOUT },
  UND_ERR_BODY_TIMEOUT: { step: "receive", errno: ERRNO.ETIMEDOUT },
  UND_ERR_HEADERS_OVERFLOW: { step: "receive", errno: ERRNO.EPROTO },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: { step: "receive", errno: ERRNO.EPROTO },
  UND_ERR_RES_EXCEEDED_MAX_SIZE: { step: "receive", errno: ERRNO.EPROTO },
  // "other side closed": the peer's FIN.
  UND_ERR_SOCKET: { step: "receive", errno: ERRNO.EOF },
};

const STEP_OF_SYSCALL: Readonly<Record<string, ConnectionStep>> = {
  write: "send",
};

/** `opening`: the error is of the attempt to connect, TLS handshake included; `bound`: an address was bound before. */
export function interpretUndiciError(
  error: NodeJS.ErrnoException,
  { opening, bound = false }: { readonly opening: boolean; readonly bound?: boolean },
): WireFailure {
  const { code = "", syscall = "" } = error;
  const meaning = MEANINGS[code];
  if (meaning !== undefined) return opening ? { ...meaning, step: "connect" } : meaning;
  // undici's parser, and the peer's certificate or TLS alert.
  const unparsable = error.name === "HTTPParserError" || isTlsCode(code);
  const errno = unparsable ? ERRNO.EPROTO : numberErrno(code);
  // libuv keeps a bind that found its address in use to itself until connect.
  if (syscall === "bind" || (bound && code === "EADDRINUSE")) return { step: "bind", errno };
  return { step: opening ? "connect" : (STEP_OF_SYSCALL[syscall] ?? "receive"), errno };
}

function isTlsCode(code: string): boolean {
  return /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(code);
}
