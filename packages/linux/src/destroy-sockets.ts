import { NETLINK, NetlinkSocket } from "./netlink.ts";
import { type NetlinkRequest, NLM_F } from "./netlink-message.ts";
import { isOwnCreation, type NetworkNamespace } from "./network-namespace.ts";
import { DIAG_WORD, SockDiag, type SocketVisitor } from "./sock-diag.ts";

// include/uapi/linux/sock_diag.h, struct inet_diag_req_v2
const SOCK_DESTROY = 21;
const IPPROTO_TCP = 6;
const REQUEST_BYTES = 56;
const IDENTITY_OFFSET = 8;

/** Requests of one call, so that their answers fit the socket's receive buffer. */
const BATCH = 64;

/**
 * Ends every TCP socket in the states of the mask and returns how many: TIME_WAIT vanishes at once (Linux 6.0), a
 * connection is reset. So a namespace is clean without the wait of a minute. Throws `SystemError`, and an `Error` for a
 * namespace that was not made here: nobody else's sockets are ever touched.
 */
export function destroySockets(namespace: NetworkNamespace, states: number): number {
  if (!isOwnCreation(namespace)) {
    throw new Error("Sockets are destroyed only in a namespace that was made for it");
  }
  const requests = new RequestCollector();
  using diag = new SockDiag(namespace);
  diag.dump(states, requests);
  using socket = namespace.run(() => new NetlinkSocket(NETLINK.SOCK_DIAG));
  let destroyed = 0;
  for (let from = 0; from < requests.list.length; from += BATCH) {
    const batch = requests.list.slice(from, from + BATCH);
    const failures = socket.attempt(batch);
    // Gone by itself meanwhile, or kept by a kernel that cannot destroy this state.
    const unexpected = failures.find(({ code }) => code !== "ENOENT" && code !== "EOPNOTSUPP");
    if (unexpected !== undefined) throw unexpected;
    destroyed += batch.length - failures.length;
  }
  return destroyed;
}

class RequestCollector implements SocketVisitor {
  list: NetlinkRequest[] = [];

  begin(): void {
    this.list = [];
  }

  visit(words: Uint32Array, at: number): void {
    const header = Buffer.alloc(REQUEST_BYTES);
    header[0] = (words[at + DIAG_WORD.FAMILY_STATE] as number) & 0xff;
    header[1] = IPPROTO_TCP;
    const identity = words.slice(at + DIAG_WORD.IDENTITY, at + DIAG_WORD.IDENTITY_END);
    header.set(new Uint8Array(identity.buffer), IDENTITY_OFFSET);
    this.list.push({
      type: SOCK_DESTROY,
      flags: NLM_F.REQUEST | NLM_F.ACK,
      about: "destroy socket",
      header,
      attributes: [],
    });
  }
}
