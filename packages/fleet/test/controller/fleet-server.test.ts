import type { NatsConnection, Status } from "@nats-io/transport-node";
import { describe, expect, it } from "vitest";
import { FleetServer } from "../../src/controller/fleet-server.ts";

const SERVER = "nats://198.51.100.1";

/** A connection that has these events, and then is closed with this. */
function aServer(events: readonly Status[], closedWith: Error | null = null): FleetServer {
  let isClosed = false;
  const nc = {
    async *status() {
      yield* events;
      isClosed = true;
    },
    isClosed: () => isClosed,
    close: async () => {
      isClosed = true;
    },
    closed: async () => closedWith,
    info: { auth_required: false },
  } as unknown as NatsConnection;
  return new FleetServer({
    access: { name: "controller", server: SERVER, seed: null, ca: null },
    nc,
    room: { require: async () => {} },
    locks: { check: async () => {} },
    results: { reopen: () => Promise.reject(new Error("CLOSED_CONNECTION")) },
    log: () => {},
    onBack: () => {},
    onOver: () => {},
  });
}

describe("a connection that is over for good", () => {
  it("is told as what it is, with the server's own word, and not as a JetStream that is silent", async () => {
    const server = aServer([], new Error("Authorization Violation"));
    await expect(server.requireStreams(1)).rejects.toMatchObject({
      code: "E_NATS",
      message: "The connection to the server is over: Authorization Violation",
      hint: expect.stringContaining("key"),
    });
  });

  it("for a server that came back unprotected says so, and how it is protected", async () => {
    const server = aServer([{ type: "reconnect", server: SERVER }]);
    await expect(server.requireStreams(1)).rejects.toMatchObject({
      code: "E_NATS",
      message: expect.stringContaining("198.51.100.1 lets everybody in"),
      hint: expect.stringContaining("fleet init"),
    });
  });
});
