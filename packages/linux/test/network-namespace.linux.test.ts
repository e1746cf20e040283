import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import net from "node:net";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import {
  createNetworkNamespace,
  enterNetworkNamespace,
  openNetworkNamespace,
  presentNetworkNamespace,
} from "../src/network-namespace.ts";

const here = (): string => readlinkSync("/proc/thread-self/ns/net");

describe("a network namespace", () => {
  test("is another one than the caller's, and the caller stays where it was", () => {
    const before = here();
    using namespace = createNetworkNamespace();
    expect(here()).toBe(before);
    expect(`net:[${namespace.inode}]`).not.toBe(before);
  });

  test("is where the thread is inside run, and nowhere else", () => {
    const before = here();
    using namespace = createNetworkNamespace();
    expect(namespace.run(here)).toBe(`net:[${namespace.inode}]`);
    expect(here()).toBe(before);
  });

  test("is left again when the work throws", () => {
    const before = here();
    using namespace = createNetworkNamespace();
    expect(() =>
      namespace.run(() => {
        throw new Error("the work failed");
      }),
    ).toThrow("the work failed");
    expect(here()).toBe(before);
  });

  test("nests: the inner run returns to the outer namespace", () => {
    using outer = createNetworkNamespace();
    using inner = createNetworkNamespace();
    const seen = outer.run(() => [inner.run(here), here()]);
    expect(seen).toEqual([`net:[${inner.inode}]`, `net:[${outer.inode}]`]);
  });

  test("refuses asynchronous work, and does not even start an async function", () => {
    using namespace = createNetworkNamespace();
    const before = here();
    let started = false;
    expect(() =>
      namespace.run(async () => {
        started = true;
      }),
    ).toThrow(TypeError);
    expect(started).toBe(false);
    expect(() => namespace.run(() => Promise.resolve(1))).toThrow("synchronous");
    expect(here()).toBe(before);
  });

  test("passes to a child process started inside", () => {
    using namespace = createNetworkNamespace();
    const child = namespace.run(() =>
      spawnSync("readlink", ["/proc/self/ns/net"], { encoding: "utf8" }),
    );
    expect(child.stdout.trim()).toBe(`net:[${namespace.inode}]`);
  });

  test("keeps its sockets when the thread has left: a server of one is not in the other", async () => {
    using namespace = createNetworkNamespace();
    const server = namespace.run(() => net.createServer().listen(7777));
    const inside = namespace.run(() => readFileSync("/proc/thread-self/net/tcp6", "utf8"));
    expect(inside).toContain(":1E61 ");
    expect(readFileSync("/proc/thread-self/net/tcp6", "utf8")).not.toContain(":1E61 ");
    await new Promise((resolve) => server.close(resolve));
  });

  test("descriptor is not inherited by child processes", () => {
    using namespace = createNetworkNamespace();
    const child = spawnSync("sh", ["-c", "ls -l /proc/self/fd"], { encoding: "utf8" });
    expect(child.stdout).not.toContain(String(namespace.inode));
  });

  test("is gone after close, and says so", () => {
    const namespace = createNetworkNamespace();
    namespace.close();
    namespace.close();
    expect(existsSync(`/proc/self/fd/${namespace.fd}`)).toBe(false);
    expect(() => namespace.run(here)).toThrow("closed");
  });
});

describe("the present network namespace", () => {
  test("is where the thread is, and its run goes nowhere", () => {
    using namespace = createNetworkNamespace();
    const seen = namespace.run(() => {
      using present = presentNetworkNamespace();
      expect(() => present.run(() => Promise.resolve())).toThrow(TypeError);
      return [present.inode, present.run(here)];
    });
    expect(seen).toEqual([namespace.inode, `net:[${namespace.inode}]`]);
  });

  test("needs no privilege", () => {
    const module = new URL("../src/network-namespace.ts", import.meta.url).href;
    const script = `import { presentNetworkNamespace } from "${module}"; console.log(presentNetworkNamespace().run(() => "ran"));`;
    const nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "--"];
    const node = [process.execPath, "--conditions=@churnlab/source", "--input-type=module", "-e"];
    const child = spawnSync("setpriv", [...nobody, ...node, script], { encoding: "utf8" });
    expect(child.stdout).toBe("ran\n");
  });
});

describe("an existing network namespace", () => {
  test("is opened by path", () => {
    using namespace = createNetworkNamespace();
    using again = openNetworkNamespace(`/proc/self/fd/${namespace.fd}`);
    expect(again.inode).toBe(namespace.inode);
    expect(again.run(here)).toBe(`net:[${namespace.inode}]`);
  });

  test("that does not exist is E_NAMESPACE", () => {
    expect(() => openNetworkNamespace("/run/netns/no-such-namespace")).toThrow(
      expect.objectContaining({ code: "E_NAMESPACE" }),
    );
  });

  test("of another kind, or a plain file, is E_NAMESPACE", () => {
    for (const path of ["/proc/self/ns/uts", "/etc/hostname"]) {
      expect(() => openNetworkNamespace(path)).toThrow(
        expect.objectContaining({
          code: "E_NAMESPACE",
          message: expect.stringContaining("not a network"),
        }),
      );
    }
  });
});

describe("entering a network namespace", () => {
  test("moves this thread until disposed, once", () => {
    const before = here();
    using namespace = createNetworkNamespace();
    const inside = enterNetworkNamespace(namespace.fd);
    expect(here()).toBe(`net:[${namespace.inode}]`);
    inside[Symbol.dispose]();
    expect(here()).toBe(before);
    inside[Symbol.dispose]();
    expect(here()).toBe(before);
  });

  test("works for a worker thread, by descriptor number", async () => {
    using namespace = createNetworkNamespace();
    const worker = new Worker(new URL("fixtures/namespace-worker.ts", import.meta.url), {
      workerData: namespace.fd,
      execArgv: ["--conditions=@churnlab/source"],
    });
    const seen = await new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    await worker.terminate();
    expect(seen).toBe(`net:[${namespace.inode}]`);
    expect(here()).not.toBe(seen);
  });

  test("by a descriptor that is none is E_NAMESPACE", () => {
    expect(() => enterNetworkNamespace(99_999)).toThrow(
      expect.objectContaining({ code: "E_NAMESPACE" }),
    );
  });
});
