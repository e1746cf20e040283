import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { connectNats } from "../src/connect.ts";

/** Says what a server of that version says first, and answers pings. */
async function serveVersion(version: string): Promise<{ url: string; close(): void }> {
  const server = createServer((socket) => {
    const info = { server_id: "S", version, headers: true, max_payload: 1_048_576, proto: 1 };
    socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    socket.on("data", (data) => {
      if (data.includes("PING")) socket.write("PONG\r\n");
    });
    socket.on("error", () => {});
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `nats://127.0.0.1:${port}`, close: () => server.close() };
}

const accessTo = (server: string) => ({ name: "a", server, seed: null, ca: null });
const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

describe("a nats-server", () => {
  it.each(["2.8.4", "1.4.1"])("of version %s is refused by its version", async (version) => {
    const server = await serveVersion(version);
    open.push(server);
    await expect(connectNats(accessTo(server.url))).rejects.toMatchObject({
      code: "E_NATS",
      message: expect.stringContaining(version),
      hint: expect.stringContaining("2.9 or newer"),
    });
  });

  it.each(["2.9.0", "2.14.3", "3.0.0-beta.1"])("of version %s is taken", async (version) => {
    const server = await serveVersion(version);
    open.push(server);
    const connection = await connectNats(accessTo(server.url));
    expect(connection.info?.version).toBe(version);
    await connection.close();
  });

  it("that is not there is told of, without the secrets of its URL", async () => {
    const server = await serveVersion("2.9.0");
    server.close();
    const url = server.url.replace("//", "//token@");
    await expect(connectNats(accessTo(url))).rejects.toMatchObject({
      code: "E_NATS",
      message: expect.not.stringContaining("token"),
    });
  });
});
