import * as fc from "fast-check";
import { expect, test } from "vitest";
import { listPlaceFlags } from "../src/place-flags.ts";

test("names what a run needs beside its scenario, and nothing that it does not", () => {
  expect(listPlaceFlags({})).toEqual([]);
  expect(listPlaceFlags({ pull: false, allowExternal: false })).toEqual([]);
  expect(
    listPlaceFlags({
      fleet: "keys/controller.json",
      nats: "nats://a:4222",
      pull: true,
      allowExternal: true,
    }),
  ).toEqual([
    "--fleet",
    "keys/controller.json",
    "--nats",
    "nats://a:4222",
    "--pull",
    "--allow-external",
  ]);
});

test.each([
  ["nats://me:s3cret@host:4222", "nats://host:4222"],
  ["tls://t0ken@host", "tls://host"],
  ["me:s3cret@host:4222", "host:4222"],
  ["nats://me:s3@cr/et@host:4222?token=x#y", "nats://host:4222"],
  ["nats://u:p@a:1,nats://u:p@b:2", "nats://a:1,nats://b:2"],
  ["host", "host"],
])("a server is named without its secrets: %s", (nats, shown) => {
  expect(listPlaceFlags({ nats })).toEqual(["--nats", shown]);
});

test("no password shows, whatever it is made of", () => {
  const password = fc.stringMatching(/^[a-z0-9:/@#?%&=]{4,20}$/);
  fc.assert(
    fc.property(password, (secret) => {
      const [, shown] = listPlaceFlags({ nats: `nats://me:${secret}@HOST:4222` });
      expect(shown).toBe("nats://HOST:4222");
    }),
  );
});
