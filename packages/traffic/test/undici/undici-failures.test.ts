import { ERRNO } from "@churnlab/core";
import { errors } from "undici";
import { expect, test } from "vitest";
import { interpretUndiciError } from "../../src/undici/undici-failures.ts";

const system = (code: string, syscall: string): Error =>
  Object.assign(new Error(code), { code, syscall });

test.each([
  {
    error: system("ECONNREFUSED", "connect"),
    opening: true,
    step: "connect",
    errno: ERRNO.ECONNREFUSED,
  },
  { error: system("EMFILE", "connect"), opening: true, step: "connect", errno: ERRNO.EMFILE },
  {
    error: new errors.ConnectTimeoutError(),
    opening: true,
    step: "connect",
    errno: ERRNO.ETIMEDOUT,
  },
  { error: system("CERT_HAS_EXPIRED", ""), opening: true, step: "connect", errno: ERRNO.EPROTO },
  { error: system("ECONNRESET", "read"), opening: false, step: "receive", errno: ERRNO.ECONNRESET },
  { error: system("EPIPE", "write"), opening: false, step: "send", errno: ERRNO.EPIPE },
  {
    error: new errors.SocketError("other side closed"),
    opening: false,
    step: "receive",
    errno: ERRNO.EOF,
  },
  {
    error: new errors.HeadersOverflowError(),
    opening: false,
    step: "receive",
    errno: ERRNO.EPROTO,
  },
  { error: new errors.BodyTimeoutError(), opening: false, step: "receive", errno: ERRNO.ETIMEDOUT },
  { error: new Error("never heard of"), opening: false, step: "receive", errno: ERRNO.OTHER },
])("$error is $errno at $step", ({ error, opening, step, errno }) => {
  expect(interpretUndiciError(error, { opening })).toEqual({ step, errno });
});

test("an address in use is of bind only where one was bound", () => {
  const error = system("EADDRINUSE", "connect");
  expect(interpretUndiciError(error, { opening: true, bound: true }).step).toBe("bind");
  expect(interpretUndiciError(error, { opening: true, bound: false }).step).toBe("connect");
});
