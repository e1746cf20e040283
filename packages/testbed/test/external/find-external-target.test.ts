import { describe, expect, it } from "vitest";
import { findExternalTarget, isFreeToLoad } from "../../src/external/find-external-target.ts";

describe("a host that anybody may load", () => {
  it.each(["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1", "198.18.0.1", "198.19.255.255"])(
    "%s is one",
    (address) => expect(isFreeToLoad(address)).toBe(true),
  );
  it.each(
    "10.0.0.1 172.17.0.2 192.168.1.1 192.0.2.1 198.17.255.255 198.20.0.0 0.0.0.0 2001:db8::1 fe80::1 :: ::ffff:10.0.0.1".split(
      " ",
    ),
  )("%s is none", (address) => expect(isFreeToLoad(address)).toBe(false));
});

describe("the target of a URL", () => {
  it.each([
    ["http://127.0.0.1", { host: "127.0.0.1", port: 80, path: "/", authority: "127.0.0.1" }],
    [
      "http://[::1]:8080/a?b=c",
      { host: "::1", port: 8080, path: "/a?b=c", authority: "[::1]:8080" },
    ],
    ["https://127.0.0.2/x", { port: 443, tls: true }],
  ])("%s is what its parts say", async (url, parts) => {
    expect(await findExternalTarget(url)).toMatchObject({ isFree: true, ...parts });
  });

  it("without an address is an error that names it", async () => {
    const found = findExternalTarget("http://nowhere.invalid/");
    await expect(found).rejects.toMatchObject({
      code: "E_TARGET",
      message: expect.stringContaining("nowhere.invalid"),
    });
  });
});
