import { createNetworkNamespace } from "@churnlab/linux";
import { describe, expect, test } from "vitest";
import { openSideNetwork } from "../../src/agent/open-side-network.ts";

describe("the network of an agent", () => {
  test.each(["/proc/self/ns/net", "/proc/thread-self/ns/net", `/proc/${process.pid}/ns/net`])(
    "is the host where %s leads, whatever it is called",
    (path) => {
      using opened = openSideNetwork({ kind: "namespace", path });
      expect(opened.kind).toBe("host");
    },
  );

  test("is a namespace where that is not the agent's own, nor that of init", () => {
    using namespace = createNetworkNamespace();
    using opened = openSideNetwork({ kind: "namespace", path: `/proc/self/fd/${namespace.fd}` });
    expect(opened.kind).toBe("namespace");
    expect(opened.side).toMatchObject({ kind: "given" });
  });

  test("is a link at a device of the host, whose sides are their own", () => {
    using opened = openSideNetwork({ kind: "link", bridge: "lo", path: null });
    expect(opened.kind).toBe("link");
  });

  test.each([
    ["this network namespace", null],
    ["the network namespace /proc/self/ns/net", "/proc/self/ns/net"],
  ])("is refused where %s has no such bridge, with how to make it", (where, path) => {
    expect(() => openSideNetwork({ kind: "link", bridge: "no-such-br", path })).toThrow(
      expect.objectContaining({
        code: "E_NAMESPACE",
        message: `There is no device no-such-br in ${where}`,
        hint: expect.stringContaining(
          "ip link add no-such-br type bridge && ip link set no-such-br up",
        ),
      }),
    );
  });
});
