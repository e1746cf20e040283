import type { NatsConnection } from "@nats-io/transport-node";
import { describe, expect, it } from "vitest";
import { type Access, connectionOptions } from "../src/connection-options.ts";
import { requireProtection } from "../src/protection.ts";

const accessTo = (server: string, over: Partial<Access> = {}): Access => {
  return { name: "controller", server, seed: null, ca: null, ...over };
};
const serverThat = (auth_required: boolean): NatsConnection =>
  ({ info: { auth_required } }) as unknown as NatsConnection;

describe("a server on another machine", () => {
  it.each([
    ["nats://192.0.2.7:4222", "192.0.2.7"],
    ["192.0.2.7", "192.0.2.7"],
    ["nats://lab.example", "lab.example"],
    ["nats://[2001:db8::1]", "2001:db8::1"],
  ])(
    "(%s) has to prove by TLS that it is %s, whatever the URL says, and to ask for a key",
    (server, host) => {
      const access = accessTo(server);
      expect(connectionOptions(access).tls).toEqual({ host });
      expect(() => requireProtection(serverThat(false), access)).toThrow(
        expect.objectContaining({
          code: "E_NATS",
          message: expect.stringContaining("lets everybody in"),
          hint: expect.stringContaining("--insecure"),
        }),
      );
      requireProtection(serverThat(true), access);
    },
  );

  it("may do without both where that is said", () => {
    const access = accessTo("nats://192.0.2.7:4222", { insecure: true });
    expect(connectionOptions(access).tls).toBeUndefined();
    requireProtection(serverThat(false), access);
  });

  it("is verified by the authority of its fleet where there is one, also when it may be open", () => {
    const access = accessTo("nats://192.0.2.7:4222", { insecure: true, ca: "PEM" });
    expect(connectionOptions(access).tls).toEqual({ host: "192.0.2.7", ca: "PEM" });
  });
});

describe("a server on this machine", () => {
  it.each(["nats://127.0.0.1:4222", "127.3.2.1", "nats://localhost", "nats://[::1]:4222"])(
    "(%s) may do without TLS and keys",
    (server) => {
      expect(connectionOptions(accessTo(server)).tls).toBeUndefined();
      requireProtection(serverThat(false), accessTo(server));
    },
  );
});
