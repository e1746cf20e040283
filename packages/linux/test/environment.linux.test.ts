import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readEnvironment, readTcpSysctls } from "../src/environment.ts";
import { readNetworkDevices } from "../src/network-devices.ts";
import { createNetworkNamespace } from "../src/network-namespace.ts";
import { readOpenFileLimit } from "../src/open-file-limit.ts";
import { applySysctls } from "../src/sysctls.ts";
import { readTickRateHz } from "../src/tick-rate.ts";
import { makeTwoHosts } from "./fixtures/two-hosts.ts";

const run = (command: string): string =>
  spawnSync("sh", ["-c", command], { encoding: "utf8" }).stdout.trim();

/** CONFIG_HZ where the kernel shows its configuration. */
function configuredHz(): number | undefined {
  try {
    const config = gunzipSync(readFileSync("/proc/config.gz")).toString();
    return Number(/^CONFIG_HZ=(\d+)$/m.exec(config)?.[1]);
  } catch {
    return undefined;
  }
}

describe("the environment", () => {
  test("agrees with what the system's own tools say", () => {
    const facts = readEnvironment();
    expect(facts["kernel.release"]).toBe(run("uname -r"));
    expect(facts["cpu.count"]).toBe(run("nproc --all"));
    expect(facts["distribution"]).toBe(run(". /etc/os-release; echo $PRETTY_NAME"));
    expect(facts["nofile.hard"]).toBe(run("ulimit -Hn").replace("unlimited", "Infinity"));
    expect(facts["user.capabilities"]).toContain("CAP_NET_ADMIN");
    expect(Object.values(facts).filter((value) => value === "" || value === "NaN")).toEqual([]);
  });

  test("knows the kernel's tick rate without its configuration", () => {
    expect([100, 250, 300, 1000]).toContain(readTickRateHz());
    expect(readTickRateHz()).toBe(configuredHz() ?? readTickRateHz());
  });

  test("has the limit on open files that was inherited", () => {
    expect(readOpenFileLimit().soft).toBe(Number(run("ulimit -n")));
  });
});

describe("TCP sysctls of a namespace", () => {
  test("are complete, true to what was written, and hold no secret", () => {
    using namespace = createNetworkNamespace();
    applySysctls(namespace, { "net.ipv4.tcp_fin_timeout": "33" });
    const sysctls = readTcpSysctls(namespace);
    expect(sysctls).toMatchObject({
      "net.ipv4.tcp_fin_timeout": "33",
      "net.ipv4.tcp_tw_reuse": "2",
      "net.ipv4.ip_local_port_range": "32768 60999",
      "net.core.somaxconn": "4096",
    });
    expect(sysctls).not.toHaveProperty(["net.ipv4.tcp_fastopen_key"]);
    expect(Object.keys(sysctls).length).toBeGreaterThan(50);
  });
});

describe("network devices of a namespace", () => {
  test("are listed with MTU, queueing discipline and offloads", () => {
    using hosts = makeTwoHosts();
    const devices = readNetworkDevices(hosts.client);
    expect(devices.map(({ name, mtu, qdisc }) => ({ name, mtu, qdisc }))).toEqual([
      { name: "lo", mtu: 65_536, qdisc: "noqueue" },
      { name: "c0", mtu: 1500, qdisc: "noqueue" },
    ]);
    const ofEthtool = hosts.client.run(() => run("ethtool -k c0"));
    const offloads = devices[1]?.offloads ?? [];
    expect(offloads.includes("tso")).toBe(ofEthtool.includes("tcp-segmentation-offload: on"));
    expect(offloads.includes("gro")).toBe(ofEthtool.includes("generic-receive-offload: on"));
    expect(offloads.includes("tx-checksum")).toBe(ofEthtool.includes("tx-checksumming: on"));
    hosts.client.run(() => run("ethtool -K c0 gro off tso off"));
    expect(readNetworkDevices(hosts.client)[1]?.offloads).not.toContain("tso");
  });
});
