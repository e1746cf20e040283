import type { ServerInfo } from "@nats-io/transport-node";
import { expect, it } from "vitest";
import { foreseeHoles } from "../src/foresee-holes.ts";

const KEYED = { server: "tls://lab.example:4222", seed: "SU" };
const ofVersion = (version: string): { info: ServerInfo } => ({ info: { version } as ServerInfo });

it.each(["2.9.10", "2.10.29", "2.11.15", "2.12.0-RC.1", "2.12.6", "1.4.1", ""])(
  "a server %s on another machine is told of: there are known ways past its permissions",
  (version) => {
    expect(foreseeHoles(ofVersion(version), KEYED)).toMatch(
      /^tls:\/\/lab\.example:4222 is a nats-server .*mended in 2\.11\.16 and 2\.12\.7/,
    );
  },
);

it.each(["2.11.16", "v2.11.17", "2.12.7", "2.12.12", "2.14.0", "2.15.1", "3.0.0"])(
  "of %s none is known",
  (version) => expect(foreseeHoles(ofVersion(version), KEYED)).toBeNull(),
);

it("nothing is told of one on loopback, or that asks for no key", () => {
  const old = ofVersion("2.9.10");
  expect(foreseeHoles(old, { ...KEYED, server: "tls://127.0.0.1" })).toBeNull();
  expect(foreseeHoles(old, { ...KEYED, seed: null })).toBeNull();
});
