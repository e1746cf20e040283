import { describeSysctl, type SysctlEntry } from "./sysctl-entry.ts";

/** What guides still name and Linux no longer has, or never had. */
export const REMOVED_SYSCTLS: readonly SysctlEntry[] = [
  describeSysctl(
    "net.ipv4.tcp_tw_recycle",
    "Shortened TIME_WAIT by remembering the last timestamp of every peer address.",
    {
      scope: "absent",
      removedIn: "4.12",
      actsOn: "first-closer",
      notes: [
        "It broke clients behind NAT, whose timestamps do not ascend together.",
        "For outgoing connections use net.ipv4.tcp_tw_reuse.",
      ],
      myths: ["Setting it still helps: the file is gone, and sysctl says so."],
    },
  ),
  describeSysctl(
    "net.ipv4.tcp_tw_timeout",
    "Sets the length of TIME_WAIT on kernels of Alibaba Cloud Linux; mainline Linux never had it.",
    {
      scope: "absent",
      actsOn: "first-closer",
      notes: [
        "In mainline Linux the length is compiled in: 60 s. tcp_tw_reuse and tcp_max_tw_buckets are settings.",
      ],
    },
  ),
];
