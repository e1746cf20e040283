import { ChurnError } from "@churnlab/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type AgentLimits,
  DEFAULT_LIMITS,
  STAYING_SYSCTLS,
} from "../../src/limits/agent-limits.ts";
import type { Asked } from "../../src/limits/asked.ts";
import { enforceLimits } from "../../src/limits/enforce-limits.ts";

const limits: AgentLimits = { ...DEFAULT_LIMITS, file: "/etc/churnlab/a.yaml" };

test("by default an agent loads the benchmark addresses and nothing else, also not what listens on its own loopback", () => {
  expect(refusalOf({ addresses: ["198.18.0.1", "198.19.255.254"] })).toBeNull();
  const others = ["198.20.0.0", "198.17.255.255", "8.8.8.8", "10.0.0.1", "2001:db8::1"];
  for (const address of [...others, "127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"]) {
    expect(refusalOf({ addresses: [address] })?.code).toBe("E_REFUSED");
  }
});

test("a refusal says what was asked, what is allowed, and where to change it", () => {
  const refusal = refusalOf({ addresses: ["203.0.113.9"], ports: [80] });
  expect(refusal?.message).toBe(
    "The agent was asked for load on 203.0.113.9, but limits.addresses allows 198.18.0.0/15",
  );
  expect(refusal?.hint).toBe(
    "If that is meant, allow it on the agent's own host: limits.addresses in /etc/churnlab/a.yaml.",
  );
});

test("everything that is not allowed is named at once", () => {
  const strict = { ...limits, ports: ["80"], ratePerS: 100, connections: 10 };
  const refusal = refusalOf(
    {
      role: "target",
      addresses: ["192.0.2.1"],
      ports: [22],
      ratePerS: 101,
      connections: 11,
      sysctls: ["kernel.core_pattern"],
      target: "command",
      hostTarget: true,
    },
    { ...strict, roles: ["load"] },
  );
  expect(refusal?.hint).toContain(
    "limits.roles, limits.addresses, limits.ports, limits.rate, limits.connections, limits.sysctls, limits.targets, limits.hostTarget",
  );
});

test("one address outside the ranges refuses the whole request", () => {
  fc.assert(
    fc.property(fc.array(fc.ipV4(), { maxLength: 5 }), fc.nat(5), (addresses, at) => {
      const mixed = [...addresses.slice(0, at), "203.0.113.9", ...addresses.slice(at)];
      expect(refusalOf({ addresses: mixed })?.code).toBe("E_REFUSED");
    }),
  );
});

test("a rate is allowed up to the limit, and a closed loop only where there is none", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.integer({ min: 1, max: 1e6 }),
      (ratePerS, limit) => {
        const refusal = refusalOf({ ratePerS }, { ...limits, ratePerS: limit });
        expect(refusal === null).toBe(ratePerS <= limit);
      },
    ),
  );
  const closed = { ratePerS: Number.POSITIVE_INFINITY };
  expect(refusalOf(closed)).toBeNull();
  expect(refusalOf(closed, { ...limits, ratePerS: 1000 })?.message).toContain("closed loop");
});

test("a load is allowed for as long as the limit says", () => {
  const hour = { ...limits, durationMs: 3_600_000 };
  expect(refusalOf({ durationMs: 3_600_000 }, hour)).toBeNull();
  expect(refusalOf({ durationMs: 3_600_001 }, hour)?.message).toContain(
    "limits.duration allows 1h",
  );
  expect(refusalOf({ durationMs: Number.NaN }, hour)?.code).toBe("E_REFUSED");
});

test("a quantity that is no number is refused, not waved through", () => {
  expect(refusalOf({ ratePerS: Number.NaN }, { ...limits, ratePerS: 5 })?.code).toBe("E_REFUSED");
  expect(refusalOf({ connections: Number.NaN }, { ...limits, connections: 5 })?.code).toBe(
    "E_REFUSED",
  );
  expect(refusalOf({ ports: [Number.NaN] })?.code).toBe("E_REFUSED");
});

describe("sysctls", () => {
  test.each([
    "kernel.core_pattern",
    "net.../../kernel/core_pattern",
    "net/ipv4/tcp_tw_reuse",
    "net..ipv4",
    "net.core.rmem_max.",
    "vm.swappiness",
  ])("%s is never allowed", (name) => {
    expect(refusalOf({ sysctls: [name], stays: false })?.code).toBe("E_REFUSED");
  });

  test("of a fresh namespace are all allowed, of one that stays those of TCP and its ports", () => {
    for (const name of ["net.ipv4.ip_forward", "net.ipv4.conf.all.rp_filter"]) {
      expect(refusalOf({ sysctls: [name], stays: false })).toBeNull();
      expect(refusalOf({ sysctls: [name], stays: true })?.code).toBe("E_REFUSED");
      expect(refusalOf({ sysctls: [name] })?.code).toBe("E_REFUSED");
    }
    expect(refusalOf({ sysctls: [...STAYING_SYSCTLS], stays: true })).toBeNull();
    const wide = { ...limits, sysctls: ["net.*"] };
    expect(refusalOf({ sysctls: ["net.ipv4.ip_forward"], stays: true }, wide)).toBeNull();
  });

  test("what only the host has is refused even where the file allows it", () => {
    const all = { ...limits, sysctls: ["net.*", "net.ipv4.tcp_mem"] };
    expect(refusalOf({ sysctls: ["net.ipv4.tcp_mem"] }, all)?.code).toBe("E_REFUSED");
    expect(refusalOf({ sysctls: ["net.ipv4.tcp_tw_reuse"] }, all)).toBeNull();
  });

  test("a beginning allows what is below it, and a name only itself", () => {
    const some = { ...limits, sysctls: ["net.core.*", "net.ipv4.tcp_tw_reuse"] };
    expect(
      refusalOf({ sysctls: ["net.core.somaxconn", "net.ipv4.tcp_tw_reuse"] }, some),
    ).toBeNull();
    expect(refusalOf({ sysctls: ["net.ipv4.tcp_tw_reuse_delay"] }, some)?.code).toBe("E_REFUSED");
  });
});

test("by default no program that the controller names is started, and nothing on the host itself", () => {
  expect(refusalOf({ target: "builtin", hostTarget: false })).toBeNull();
  for (const target of ["command", "image", "url"] as const) {
    expect(refusalOf({ target })?.code).toBe("E_REFUSED");
  }
  expect(refusalOf({ hostTarget: true })?.message).toContain("on the host itself");
});

describe("images", () => {
  const asks = (image: string, images: readonly string[]) =>
    refusalOf({ target: "image", image }, { ...limits, targets: ["image"], images })?.message ??
    null;

  test("are none by default, also where the kind is allowed, and the refusal says where to allow one", () => {
    const refusal = refusalOf(
      { target: "image", image: "nginx:1.28" },
      { ...limits, targets: ["image"] },
    );
    expect(refusal?.message).toBe(
      "The agent was asked for a container of the image nginx:1.28, but limits.images allows none",
    );
    expect(refusal?.hint).toContain("limits.images in /etc/churnlab/a.yaml");
  });

  test.each([
    ["nginx", "nginx"],
    ["nginx:1.28", "nginx:1.28"],
    ["nginx:1.28", "nginx:*"],
    ["lab.example:5000/web/nginx:1.28-alpine", "lab.example:5000/web/nginx:*"],
    [`nginx@sha256:${"a".repeat(64)}`, `nginx@sha256:${"a".repeat(64)}`],
  ])("%s is allowed by %s", (image, pattern) => {
    expect(asks(image, ["other", pattern])).toBeNull();
  });

  test.each([
    ["nginx", "nginx:*"], // no tag is written
    ["nginx:latest", "nginx"],
    ["nginx:1.28", "nginx:1.2"],
    ["nginx:1.28", "nginx"],
    ["nginx:5000/evil", "nginx:*"], // a registry of that name and port
    ["nginx:5000/evil:1", "nginx:*"],
    ["nginx-evil:1", "nginx:*"],
    ["evil/nginx:1", "nginx:*"],
    [`nginx:1@sha256:${"b".repeat(64)}`, "nginx:*"],
    ["nginx:", "nginx:*"],
    ["nginx:*", "nginx:*"],
    ["nginx:1\n--privileged", "nginx:*"],
    ["--privileged", "--privileged"],
    ["--volume=/:/host", "--volume=/:/host"],
    ["", ""],
  ])("%j is not allowed by %j", (image, pattern) => {
    expect(asks(image, [pattern])).toContain("container of the image");
  });

  test("of any name that begins as an option of the engine does are never allowed", () => {
    fc.assert(
      fc.property(fc.string(), (rest) => {
        expect(asks(`-${rest}`, [`-${rest}`, "*", "-*", ":*"])).not.toBeNull();
      }),
    );
  });
});

test("what a controller sends cannot move the cursor of who reads the refusal", () => {
  expect(refusalOf({ addresses: ["\u001b[2Jexample.org"] })?.message).not.toContain("\u001b");
});

function refusalOf(asked: Asked, by: AgentLimits = limits): ChurnError | null {
  try {
    enforceLimits(by, asked);
    return null;
  } catch (error) {
    if (error instanceof ChurnError) return error;
    throw error;
  }
}
