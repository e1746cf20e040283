import { describe, expect, test } from "vitest";
import { ENGINES, pickEngine } from "../src/engines.ts";
import { aWorkload } from "./fixtures/a-workload.ts";

const address = { host: "198.18.0.1", port: 80, path: "/", tls: false };

describe("the choice of an engine", () => {
  test("is the one asked for", async () => {
    const { name, reason, fallback } = await pickEngine("net", aWorkload(), address);
    expect({ name, reason, fallback }).toEqual({
      name: "net",
      reason: "requested",
      fallback: false,
    });
  });

  test("never falls on undici by itself, which speaks TLS, and says how to ask for it", async () => {
    const picking = pickEngine("auto", aWorkload(), { ...address, tls: true });
    await expect(picking).rejects.toMatchObject({
      code: "E_ENGINE",
      hint: expect.stringContaining("undici") as string,
    });
  });

  test("says why the one asked for cannot", async () => {
    const workload = aWorkload({ bind: "address-no-port" });
    await expect(pickEngine("net", workload, address)).rejects.toMatchObject({
      code: "E_ENGINE",
      message: expect.stringContaining("IP_BIND_ADDRESS_NO_PORT") as string,
    });
  });

  test("goes down the ladder, and a step down is said with its reason", async () => {
    const picked = await pickEngine("auto", aWorkload(), address);
    const ladder = ENGINES.filter((entry) => entry.ladder).map(({ name }) => name);
    expect(ladder.at(-1)).toBe("net");
    expect(picked.fallback).toBe(picked.name !== ladder[0]);
    for (const refused of ladder.slice(0, ladder.indexOf(picked.name)))
      expect(picked.reason).toContain(refused);
  });
});
