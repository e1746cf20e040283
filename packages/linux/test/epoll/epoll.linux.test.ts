import { expect, test } from "vitest";
import {
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  Epoll,
  readWatchedDescriptors,
} from "../../src/epoll/epoll.ts";
import { accept, close, connect, listen, send } from "../fixtures/raw-sockets.ts";
import { makeTwoHosts, TARGET } from "../fixtures/two-hosts.ts";

const AT = { host: TARGET, port: 80 };
const GENERATION = 3_000_000_000;

test("a change of readiness is reported once, with the slot and generation it was registered with", () => {
  using hosts = makeTwoHosts();
  using epoll = new Epoll();
  const listener = listen(hosts.target, AT);
  const near = connect(hosts.client, AT);
  const far = accept(listener);
  const seen: number[][] = [];
  const recorder = { ready: (...call: number[]) => void seen.push(call) };
  expect(epoll.add(far, 7, GENERATION)).toBe(0);
  expect(readWatchedDescriptors(epoll.fd)).toEqual([far]);
  expect(epoll.wait(0, recorder)).toBe(1);
  send(near, "x");
  expect(epoll.wait(5000, recorder)).toBe(1);
  expect(epoll.wait(0, recorder)).toBe(0);
  close(near);
  expect(epoll.wait(5000, recorder)).toBe(1);
  expect(seen).toEqual([
    [7, GENERATION, EPOLLOUT],
    [7, GENERATION, EPOLLOUT | EPOLLIN],
    [7, GENERATION, EPOLLOUT | EPOLLIN | EPOLLRDHUP],
  ]);
  for (const fd of [far, listener]) close(fd);
});

test("a wait without an event lasts as long as it was told, fractions of a millisecond too", () => {
  using epoll = new Epoll();
  const begunAtMs = performance.now();
  for (let i = 0; i < 20; i++) expect(epoll.wait(0.5, { ready() {} })).toBe(0);
  expect(performance.now() - begunAtMs).toBeGreaterThanOrEqual(10);
});

test("a descriptor that is taken already is refused with its errno, and one of another kind watches none", () => {
  using hosts = makeTwoHosts();
  using epoll = new Epoll();
  const listener = listen(hosts.target, AT);
  expect(epoll.add(listener, 0, 0)).toBe(0);
  expect(epoll.add(listener, 1, 0)).toBe(17);
  expect(readWatchedDescriptors(listener)).toEqual([]);
  close(listener);
});
