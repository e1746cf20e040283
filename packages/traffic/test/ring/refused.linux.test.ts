import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("where io_uring is refused, epoll takes over on both sides and says why", () => {
  const script = fileURLToPath(new URL("../fixtures/print-picked-engine.ts", import.meta.url));
  const options = ["--conditions=@churnlab/source", script];
  const printed = JSON.parse(execFileSync(process.execPath, options, { encoding: "utf8" })) as {
    auto: { name: string; reason: string; fallback: boolean };
    asked: string;
    server: { server: { name: string }; reason: string };
  };
  const why = "ring: a seccomp filter refuses io_uring, as Docker's default profile does";
  expect(printed.auto).toEqual({ name: "epoll", reason: why, fallback: true });
  expect(printed.asked).toContain(why);
  expect(printed.server).toEqual({ server: { name: "epoll" }, reason: why });
});

test("where io_uring is refused after it was chosen, the agent is lost for that reason, and nothing hangs", () => {
  const script = fileURLToPath(new URL("../fixtures/print-late-refusal.ts", import.meta.url));
  const options = ["--conditions=@churnlab/source", script];
  const printed = execFileSync(process.execPath, options, { encoding: "utf8", timeout: 30_000 });
  expect(JSON.parse(printed)).toEqual({
    lost: expect.stringContaining("io_uring_setup: EPERM") as string,
    attempted: 0,
  });
});
