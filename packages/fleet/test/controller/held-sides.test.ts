import { describe, expect, it } from "vitest";
import type { AgentLink } from "../../src/controller/agent-link.ts";
import { HeldSides } from "../../src/controller/held-sides.ts";

const KEY = { trial: 1, attempt: 2 };

/** An agent that notes what it is told. */
function aLink(name: string) {
  const lost = new AbortController();
  const told: string[] = [];
  const link = {
    name,
    lost: lost.signal,
    expectSide: () => {},
    tell: async (verb: string) => void told.push(verb),
  } as unknown as AgentLink;
  return { link, told, lose: () => lost.abort() };
}

function holdAll(...links: readonly AgentLink[]) {
  const left: string[] = [];
  const counted = new Set<string>();
  const sides = new HeldSides(links, KEY, {
    leave: ({ name }) => void left.push(name),
    count: (name) => {
      counted.add(name);
      return { [Symbol.dispose]: () => counted.delete(name) };
    },
  });
  return { left, counted, sides };
}

describe("sides that are held", () => {
  it("are left, each once, of agents that are lost meanwhile, and restored of the others", async () => {
    const [a, b] = [aLink("a"), aLink("b")];
    const { left, sides } = holdAll(a.link, b.link);
    a.lose();
    await sides[Symbol.asyncDispose]();
    expect([left, a.told, b.told]).toEqual([["a"], [], ["restore"]]);
  });

  it("are counted on from before they are asked for until they are restored", async () => {
    const { counted, sides } = holdAll(aLink("a").link, aLink("b").link);
    expect([...counted]).toEqual(["a", "b"]);
    await sides[Symbol.asyncDispose]();
    expect([...counted]).toEqual([]);
  });

  it("are none of an agent that was lost before it was asked for one, nor of one that is lost afterwards", async () => {
    const [a, b] = [aLink("a"), aLink("b")];
    a.lose();
    const { left, sides } = holdAll(a.link, b.link);
    await sides[Symbol.asyncDispose]();
    b.lose();
    expect([left, a.told, b.told]).toEqual([[], [], ["restore"]]);
  });
});
