import type { Dashboard } from "@churnlab/report";
import type { Terminal } from "./terminal.ts";

/** What has to be known of a dashboard that is open to others. */
export function sayHowToReach({ isLoopback, address }: Dashboard, terminal: Terminal): void {
  if (isLoopback) return;
  const { port } = new URL(address);
  terminal.say("! Everybody who knows this address with its token can read every run.");
  terminal.say(
    "! It travels without TLS. Over a network you do not trust, keep to 127.0.0.1 and use",
  );
  terminal.say(`!   ssh -L ${port}:127.0.0.1:${port} HOST      or put a TLS proxy in front:`);
  terminal.say(`!   caddy reverse-proxy --from HOST:8443 --to 127.0.0.1:${port}`);
}
