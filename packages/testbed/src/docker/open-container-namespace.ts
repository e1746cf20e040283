import { ChurnError } from "@churnlab/core";
import {
  isInitialUserNamespace,
  type NetworkNamespace,
  openNetworkNamespace,
  readCapabilities,
  readNetworkDevices,
} from "@churnlab/linux";
import { isProcessOfContainer } from "./is-process-of-container.ts";

/** `inside` has containers measured by one of churnlab's own beside them, also where they could be entered from outside. */
const VIEW_VARIABLE = "CHURNLAB_CONTAINER_VIEW";

/** What is needed to see a container's kernel side from outside, with nothing installed in it. */
const NEEDED = ["CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_SYS_PTRACE"] as const;

/** Why containers cannot be entered by this process; null where they can. */
export function whyNotFromOutside(): string | null {
  if (process.env[VIEW_VARIABLE] === "inside") return `${VIEW_VARIABLE}=inside`;
  const held = readCapabilities();
  const missing = NEEDED.filter((name) => !held.has(name));
  if (missing.length > 0) return `without ${missing.join(", ")}`;
  return isInitialUserNamespace() ? null : "this is a user namespace";
}

/** The first process of a container, as its engine tells. */
export interface ToldProcess {
  readonly pid: number;
  /** Of its container. */
  readonly id: string;
}

/** What a namespace without any network has: its loopback, and what the kernel gives to every namespace. */
const WITHOUT_NETWORK = /^(?:lo|(?:tunl|gre|gretap|erspan|ip_vti|ip6_vti|sit|ip6tnl|ip6gre)0)$/;

/**
 * The network namespace of a container on no network; null where this process may not enter it, or sees another process by the
 * id that the engine tells, as with an engine in a process namespace of its own or on another machine. What is entered is
 * changed, so that nothing but the container's own id is proof.
 */
export function openContainerNamespace({ pid, id }: ToldProcess): NetworkNamespace | null {
  if (whyNotFromOutside() !== null) return null;
  try {
    const namespace = openNetworkNamespace(`/proc/${pid}/ns/net`);
    if (isProcessOfContainer(pid, id) && hasNoNetwork(namespace)) return namespace;
    namespace.close();
    return null;
  } catch (error) {
    if (error instanceof ChurnError && error.code === "E_NAMESPACE") return null;
    throw error;
  }
}

function hasNoNetwork(namespace: NetworkNamespace): boolean {
  return readNetworkDevices(namespace).every(({ name }) => WITHOUT_NETWORK.test(name));
}
