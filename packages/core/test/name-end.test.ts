import { expect, test } from "vitest";
import { nameEnd } from "../src/name-end.ts";

test.each([
  ["10.0.0.5", "10.0.0.5:80"],
  ["lab.example", "lab.example:80"],
  ["2001:db8::1", "[2001:db8::1]:80"],
  ["::", "[::]:80"],
])("port 80 of %s is %s, as a URL has it", (host, name) => {
  expect(nameEnd(host, 80)).toBe(name);
  expect(new URL(`tcp://${name}`).host).toBe(name);
});
