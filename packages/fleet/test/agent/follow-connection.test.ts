import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { followConnection } from "../../src/agent/follow-connection.ts";
import { connectNats } from "../../src/connect.ts";

/** A server of which clients can be cut off, and which names another to them. */
async function serve() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const elsewhere = ["203.0.113.9:4222"];
    const info = { server_id: "S", version: "2.9.0", headers: true, max_payload: 1e6, proto: 1 };
    socket.write(`INFO ${JSON.stringify({ ...info, connect_urls: elsewhere })}\r\n`);
    socket.on("data", (data) => {
      if (data.includes("PING")) socket.write("PONG\r\n");
    });
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    access: { name: "a", server: `nats://127.0.0.1:${port}`, seed: null, ca: null },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    [Symbol.dispose]: () => server.close(),
  };
}

test("a server that is lost and found is told of, and a reader of the connection goes on", async () => {
  using server = await serve();
  const nc = await connectNats(server.access);
  const told: string[] = [];
  let looks = 0;
  const over = followConnection(nc, {
    requireProtection: () => {
      looks += 1;
    },
    log: (line) => told.push(line),
  });
  server.cut();
  await expect.poll(() => told, { timeout: 5000 }).toContain("the server is found again");
  expect(told).toContain("the server is lost, and sought");
  expect(looks).toBe(1);
  await nc.close();
  expect(await over).toMatchObject({ code: "E_NATS" });
  server.cut();
});

test("a server that is found again without what it had to have ends the connection", async () => {
  using server = await serve();
  const nc = await connectNats(server.access);
  const unprotected = new Error("lets everybody in");
  const over = followConnection(nc, {
    requireProtection: () => {
      throw unprotected;
    },
    log: () => {},
  });
  server.cut();
  expect(await over).toBe(unprotected);
  expect(nc.isClosed()).toBe(true);
  server.cut();
});

test("the servers that a server names are not followed", async () => {
  using server = await serve();
  const nc = await connectNats(server.access);
  const named: unknown[] = [];
  const watching = (async () => {
    for await (const status of nc.status()) if (status.type === "update") named.push(status);
  })();
  await nc.flush();
  await nc.close();
  await watching;
  expect(named).toEqual([]);
  server.cut();
});
