import { describe, expect, it } from "vitest";
import { foreseeExpiry } from "../src/foresee-expiry.ts";
import { makeCertificates } from "../src/init/make-certificates.ts";

const NOW = Date.UTC(2026, 10, 23);
const DAY_MS = 24 * 3_600_000;

function authorityUntil(days: number): string {
  const notAfter = new Date(NOW + days * DAY_MS);
  return makeCertificates({ hosts: ["lab.example"], notBefore: new Date(NOW), notAfter }).ca;
}

describe("the end of a fleet's certificates", () => {
  it("is told of in its last 30 days, with the day and what to do", () => {
    expect(foreseeExpiry({ ca: authorityUntil(31) }, NOW)).toBeNull();
    expect(foreseeExpiry({ ca: authorityUntil(29) }, NOW)).toMatch(
      /good until 2026-12-22: churnlab fleet init --force/,
    );
  });

  it("is nothing where the authority is not the fleet's own, or no certificate", () => {
    expect(foreseeExpiry({ ca: null }, NOW)).toBeNull();
    expect(foreseeExpiry({ ca: "no certificate" }, NOW)).toBeNull();
  });
});
