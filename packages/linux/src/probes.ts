import { execFile } from "node:child_process";
import { release } from "node:os";
import { promisify } from "node:util";
import { ChurnError } from "@churnlab/core/errors";
import { readQueues } from "./listen-queues.ts";
import { createNetworkNamespace, type NetworkNamespace } from "./network-namespace.ts";
import { readOpenFileLimit } from "./open-file-limit.ts";
import { type Finding, type Probe, type ProbeResult, runProbe } from "./probe.ts";
import { ResetCapture } from "./reset-capture.ts";
import { ResetTrace } from "./reset-trace.ts";
import { SockDiag } from "./sock-diag.ts";
import { applySysctls } from "./sysctls.ts";
import { errnoOf } from "./system-error.ts";
import { probeUring } from "./uring/probe-uring.ts";
import { joinByVeth } from "./veth.ts";

/** Any program asked is given up after this. */
const PROGRAM_TIMEOUT_MS = 5000;
const NODE_MAJOR_MIN = 24;
/** Held connections take two descriptors each, one per end. */
const OPEN_FILES_WANTED = 65_536;
const TCP_TW_REUSE = "net.ipv4.tcp_tw_reuse";

const asRoot = "Run as root, or where unprivileged user namespaces are allowed.";

const PROBES: readonly Probe[] = [
  {
    id: "node",
    group: "base",
    why: "churnlab runs on it.",
    fix: `Use Node ${NODE_MAJOR_MIN} or newer.`,
    attempt: () =>
      Number.parseInt(process.versions.node, 10) >= NODE_MAJOR_MIN
        ? ok(`Node ${process.versions.node}`)
        : { status: "fail", what: `Node ${process.versions.node}` },
  },
  {
    id: "kernel",
    group: "base",
    why: "Counters, sysctls and their defaults differ between kernels.",
    fix: "Linux 5.4 or newer is supported, 6.10 or newer shows most.",
    attempt: () => {
      const [major = 0, minor = 0] = release().split(".").map(Number);
      const supported = major > 5 || (major === 5 && minor >= 4);
      return { status: supported ? "ok" : "warn", what: `Linux ${release()}` };
    },
  },
  {
    id: "open-files",
    group: "base",
    why: "Every open connection takes a descriptor at each end.",
    fix: "Raise the hard limit: ulimit -Hn, LimitNOFILE= of the service, or --ulimit nofile= of the container.",
    attempt: () => {
      const { hard } = readOpenFileLimit();
      if (hard >= OPEN_FILES_WANTED) return ok(`at most ${hard}`);
      return { status: "warn", what: `at most ${hard}; ${OPEN_FILES_WANTED} are wanted` };
    },
  },
  {
    id: "network-namespace",
    group: "testbed",
    why: "Every trial has hosts of its own.",
    fix: asRoot,
    attempt: () => inNamespaces(({ inode }) => ok(`made one (net:[${inode}])`)),
  },
  {
    id: "veth",
    group: "testbed",
    why: "The cable between the hosts of a trial; loopback has other rules for port reuse.",
    fix: "Load the kernel module: modprobe veth.",
    attempt: () =>
      inNamespaces((client, target) => {
        joinByVeth({
          left: { namespace: client, device: "c0", addresses: ["198.18.1.1"] },
          right: { namespace: target, device: "t0", addresses: ["198.18.0.1"] },
        });
        return ok("joined two hosts");
      }),
  },
  {
    id: "sysctl",
    group: "testbed",
    why: "What a trial varies.",
    fix: "Let /proc/sys be writable: a container needs --privileged.",
    attempt: () =>
      inNamespaces((namespace) => {
        const [change] = applySysctls(namespace, { [TCP_TW_REUSE]: "1" });
        return change?.effective === "1"
          ? ok(`wrote and read back ${TCP_TW_REUSE}`)
          : { status: "fail", what: `${TCP_TW_REUSE} reads ${change?.effective}` };
      }),
  },
  {
    id: "io-uring",
    group: "traffic",
    why: "The fastest engine.",
    fix: "Linux 6.0 or newer, kernel.io_uring_disabled=0, and no seccomp profile against it. Slower engines work without.",
    attempt: () => {
      const probe = probeUring();
      return probe.works ? ok("set up a ring") : { status: "absent", what: probe.reason };
    },
  },
  {
    id: "sock-diag",
    group: "observation",
    why: "Port use by destination, socket states, depth of accept queues.",
    fix: "Load the kernel module: modprobe inet_diag tcp_diag.",
    attempt: () =>
      inNamespaces((namespace) => {
        using diag = new SockDiag(namespace);
        const { listeners } = readQueues(diag, { countSynReceived: true });
        return ok(`dumped the sockets of an empty host (${listeners.length})`);
      }),
  },
  {
    id: "packet-capture",
    group: "observation",
    why: "Every reset with its addresses and time.",
    fix: `CAP_NET_RAW and a kernel with CONFIG_PACKET. ${asRoot}`,
    attempt: () =>
      inNamespaces((namespace) => {
        new ResetCapture(namespace).close();
        return ok("opened a capture");
      }),
  },
  {
    id: "reset-reasons",
    group: "observation",
    why: "The kernel's own reason for each reset.",
    fix: "Root of the machine and Linux 6.10 or newer; without, resets are counted but not explained.",
    attempt: () => {
      try {
        using trace = new ResetTrace({ addresses: [] });
        return trace.hasReasons
          ? ok("traced tcp_send_reset")
          : { status: "warn", what: "this kernel traces resets without a reason" };
      } catch (error) {
        if (!(error instanceof ChurnError)) throw error;
        return { status: "absent", what: error.message };
      }
    },
  },
  {
    id: "iproute2",
    group: "observation",
    why: "Only to look at a host by hand; churnlab speaks to the kernel itself.",
    fix: "Install iproute2.",
    attempt: () => askProgram("ip", ["-V"]),
  },
  {
    id: "docker",
    group: "containers",
    why: "The docker testbed.",
    fix: "Install the docker client. The netns testbed needs none.",
    attempt: () => askProgram("docker", ["--version"]),
  },
  {
    id: "docker-daemon",
    group: "containers",
    why: "The docker testbed.",
    fix: "Start the docker daemon, and let this user reach its socket.",
    attempt: () => askProgram("docker", ["info", "--format", "daemon {{.ServerVersion}}"]),
  },
];

/**
 * Finds out what this process can do, by doing each thing once in hosts of its own and undoing it. To be called where
 * trials run: without root, after `reenterCommand`. Ends within seconds, whatever hangs.
 */
export async function runProbes(): Promise<ProbeResult[]> {
  return Promise.all(PROBES.map((probe) => runProbe(probe)));
}

function ok(what: string): Finding {
  return { status: "ok", what };
}

function inNamespaces(
  work: (first: NetworkNamespace, second: NetworkNamespace) => Finding,
): Finding {
  using first = createNetworkNamespace();
  using second = createNetworkNamespace();
  return work(first, second);
}

/** The first line that is no warning: those come before what went wrong. */
function pickComplaint(said: string): string {
  const lines = said.split("\n");
  return lines.find((line) => !/^warning:/i.test(line)) ?? lines[0] ?? "";
}

async function askProgram(program: string, args: readonly string[]): Promise<Finding> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { timeout: PROGRAM_TIMEOUT_MS });
    return ok(stdout.trim());
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return { status: "absent", what: `no ${program}` };
    const killed = error instanceof Error && "killed" in error && error.killed === true;
    const stderr = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    const what = killed ? `${program} did not answer in ${PROGRAM_TIMEOUT_MS} ms` : stderr;
    return { status: "absent", what: pickComplaint(what) };
  }
}
