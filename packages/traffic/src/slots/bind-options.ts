import type { BindMode } from "@churnlab/core";
import { IP_BIND_ADDRESS_NO_PORT, SO_REUSEADDR, SOL_IP, SOL_SOCKET } from "@churnlab/linux";

export type BoundMode = Exclude<BindMode, "none">;

/** The option that is set to 1 before bind(2). libuv sets SO_REUSEADDR on what it binds; the engines do not differ in it. */
export const OPTION_BEFORE_BIND: Readonly<Record<BoundMode, { level: number; name: number }>> = {
  address: { level: SOL_SOCKET, name: SO_REUSEADDR },
  port: { level: SOL_SOCKET, name: SO_REUSEADDR },
  "address-no-port": { level: SOL_IP, name: IP_BIND_ADDRESS_NO_PORT },
};
