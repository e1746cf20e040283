import { expect, test } from "vitest";
import { PortShare } from "../src/port-share.ts";
import { applySysctls } from "../src/sysctls.ts";
import { eventually } from "./fixtures/eventually.ts";
import { churnOnce, close, connect, listen } from "./fixtures/raw-sockets.ts";
import { makeTwoHosts, TARGET, TARGET6 } from "./fixtures/two-hosts.ts";

const PORT = 80;

test.each([
  ["IPv4", TARGET],
  ["IPv6", TARGET6],
])(
  "20 ports in use over %s and 30 in TIME_WAIT are half of 100 usable ones",
  async (family, host) => {
    using hosts = makeTwoHosts();
    applySysctls(hosts.client, {
      "net.ipv4.ip_local_port_range": "40000 40109",
      "net.ipv4.ip_local_reserved_ports": "40010-40018,40100",
      "net.ipv4.tcp_tw_reuse": "0",
    });
    using share = hosts.client.run(() => new PortShare({ ipv6: family === "IPv6" }));
    const listener = listen(hosts.target, { host, port: PORT });
    for (let i = 0; i < 30; i++) churnOnce(hosts.client, { host, port: PORT, listener }, "client");
    const held = Array.from({ length: 20 }, () => connect(hosts.client, { host, port: PORT }));
    let nowMs = 0;
    await eventually(() => {
      nowMs += 10;
      share.look(nowMs);
      expect(share.percent).toBe(50);
    });
    held.push(connect(hosts.client, { host, port: PORT }));
    share.look(nowMs + 9);
    expect(share.percent).toBe(50);
    share.look(nowMs + 10);
    expect(share.percent).toBe(51);
    for (const fd of [...held, listener]) close(fd);
  },
);
