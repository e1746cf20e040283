import type { Observer } from "@churnlab/core";
import { expect, it } from "vitest";
import { JointObserver } from "../src/joint-observer.ts";

it("closes every observer of a role although one of them cannot be, and says so", () => {
  const closed = new Set<number>();
  const observers = [0, 1, 2].map((i) => {
    const close = (): void => {
      closed.add(i);
      if (i === 1) throw new Error("will not close");
    };
    return { role: "client", close } as unknown as Observer;
  });
  expect(() => new JointObserver("client", observers).close()).toThrow("will not close");
  expect(closed).toEqual(new Set([0, 1, 2]));
});
