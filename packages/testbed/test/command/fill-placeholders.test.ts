import { describe, expect, it } from "vitest";
import { describePlace, fillPlaceholders } from "../../src/command/fill-placeholders.ts";

const place = { host: "198.18.0.1", port: 8080, dir: "/tmp/x", upstream: "198.18.0.2:8080" };

describe("fillPlaceholders", () => {
  it("fills in what the trial gives, as often as it is named, and leaves other braces alone", () => {
    expect(
      fillPlaceholders(
        ["{host}:{port}", "{dir}/{dir}", "up={upstream}", "http { a; }", "$&"],
        place,
      ),
    ).toEqual(["198.18.0.1:8080", "/tmp/x//tmp/x", "up=198.18.0.2:8080", "http { a; }", "$&"]);
  });

  it("leaves {upstream} alone where there is none", () => {
    expect(fillPlaceholders(["{upstream}"], { ...place, upstream: null })).toEqual(["{upstream}"]);
    expect(describePlace({ ...place, upstream: null })).not.toHaveProperty("UPSTREAM");
  });

  it("takes a value that looks like a placeholder as it is", () => {
    expect(fillPlaceholders(["{dir}"], { ...place, dir: "/{port}/$1" })).toEqual(["/{port}/$1"]);
  });
});
