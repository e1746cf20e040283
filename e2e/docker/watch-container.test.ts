import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Workplace } from "../cli/churnlab.ts";
import { parseDocuments } from "../watch/watched-hosts.ts";
import { docker } from "./engine.ts";
import { skipWithoutEngine } from "./skip-without-engine.ts";

const NAME = `churnlab-watched-${process.pid}`;

/** Listens, says so, and dials itself eight times. */
const SERVER = `
const net = require("node:net");
net.createServer((socket) => socket.resume()).listen(8080, "127.0.0.1", () => {
  for (let left = 8; left > 0; left--) net.connect(8080, "127.0.0.1");
});`;

const AT_LAST = { timeout: 10_000, interval: 100 };

async function refuse(work: Workplace): Promise<string> {
  const { code, stderr } = await work.run(["watch", "--container", NAME, "--once"]);
  return `${code} ${stderr}`;
}

function startServer(): void {
  const server = ["--network", "none", "churnlab-base", "node", "-e", SERVER];
  docker("run", "--detach", "--init", "--name", NAME, ...server);
}

describe("a container that is watched", () => {
  skipWithoutEngine();
  let work: Workplace;

  beforeEach(() => {
    work = new Workplace();
    startServer();
  });

  afterEach(() => {
    const left = docker("ps", "--all", "--quiet", "--filter", `name=${NAME}`);
    if (left !== "") docker("rm", "--force", NAME);
    work[Symbol.dispose]();
  });

  it("is found by its name, with the sockets inside it and no others", async () => {
    const look = async () => {
      const args = ["watch", "--container", NAME, "--once", "--json"];
      const { code, stdout, stderr } = await work.run(args);
      expect([code, stderr]).toEqual([0, ""]);
      return parseDocuments(stdout)[0];
    };
    await expect.poll(look, AT_LAST).toMatchObject({
      host: { kind: "container", name: NAME },
      sockets: { LISTEN: 1, ESTABLISHED: 16 },
      listeners: [{ address: "127.0.0.1", port: 8080, depth: 0 }],
      destinations: [{ destination: "127.0.0.1", destinationPort: 8080, ports: 8 }],
    });
  });

  it("is said to have ended when it is stopped, after what was seen", async () => {
    const running = work.start(["watch", "--container", NAME, "--interval", "250ms"]);
    await new Promise((resolve) => running.child.stdout?.once("data", resolve));
    docker("kill", NAME);
    const { code, stdout, stderr } = await running.ended;
    expect([code, stderr]).toEqual([4, expect.stringContaining("E_HOST_GONE")]);
    expect(stderr).toContain(`The container ${NAME} has ended`);
    expect(stdout).toContain("TIME_WAIT 0");
  });

  it("is refused once it is gone, with what the engine says", async () => {
    docker("kill", NAME);
    await expect.poll(() => refuse(work), AT_LAST).toMatch(/^3 .*not running/s);
    docker("rm", "--force", NAME);
    expect(await refuse(work)).toMatch(/^3 .*: no such container/s);
  });
});
