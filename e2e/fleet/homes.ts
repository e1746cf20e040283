import { spawnSync } from "node:child_process";
import { createNetworkNamespace, joinByVeth, type NetworkNamespace } from "@churnlab/linux";
import type { Hub } from "./start-fleet.ts";

/** Where agents are hosts of their own, each with one cable to the server and another to the network that is measured. */
export interface Homes extends AsyncDisposable {
  readonly hub: Hub;
  of(name: string): NetworkNamespace;
  /** Nothing passes the cable between this home and the server any more, in either direction. */
  cut(name: string): void;
  mend(name: string): void;
}

/** `net`: the first three numbers of the addresses between homes and server. */
export function openHomes(names: readonly string[], net: string): Homes {
  const stack = new AsyncDisposableStack();
  const namespace = stack.use(createNetworkNamespace());
  const address = `${net}.1`;
  const homes = new Map(
    names.map((name, i) => {
      const home = stack.use(createNetworkNamespace());
      joinByVeth({
        left: { namespace: home, device: "m0", addresses: [`${net}.${i + 2}`] },
        right: { namespace, device: `m${i}`, addresses: [address] },
      });
      return [name, home] as const;
    }),
  );
  const of = (name: string): NetworkNamespace => {
    const home = homes.get(name);
    if (home === undefined) throw new Error(`${name} has no home`);
    return home;
  };
  const nft = (name: string, rule: string): void => {
    const { status, stderr } = of(name).run(() => spawnSync("nft", [rule], { encoding: "utf8" }));
    if (status !== 0) throw new Error(`nft ${rule}: ${stderr}`);
  };
  return {
    hub: { namespace, address },
    of,
    cut: (name) => {
      nft(name, `table inet cut { ${dropAt("input")} ${dropAt("output")} }`);
    },
    mend: (name) => nft(name, "delete table inet cut"),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function dropAt(hook: "input" | "output"): string {
  return `chain ${hook} { type filter hook ${hook} priority 0; policy drop; };`;
}
