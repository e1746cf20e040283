import { existsSync, readFileSync } from "node:fs";

/** Hypervisors by what they write into the machine's DMI table. */
const HYPERVISORS = [
  ["Amazon EC2", "ec2"],
  ["Google", "gce"],
  ["Microsoft Corporation", "hyper-v"],
  ["VMware", "vmware"],
  ["innotek", "virtualbox"],
  ["QEMU", "qemu"],
  ["KVM", "kvm"],
  ["Xen", "xen"],
] as const;

/** Files and variables by which a container knows itself. */
const CONTAINER_FILES = [
  ["/.dockerenv", "docker"],
  ["/run/.containerenv", "podman"],
  ["/var/run/secrets/kubernetes.io", "kubernetes"],
] as const;

/** The kind of machine: `none` (bare metal), a hypervisor's name, or `vm` for one that does not say. */
export function detectHypervisor(): string {
  const cpu = readOptional("/proc/cpuinfo");
  const machine = ["sys_vendor", "product_name", "bios_vendor"]
    .map((name) => readOptional(`/sys/class/dmi/id/${name}`))
    .join("\n");
  const named = HYPERVISORS.find(([mark]) => machine.includes(mark));
  const paravirtual = readOptional("/sys/hypervisor/type").trim();
  if (/^flags\s*:.*\bhypervisor\b/m.test(cpu)) return named?.[1] ?? "vm";
  // arm64 has no such flag: there the firmware's name or Xen's own file is all there is.
  if (paravirtual !== "") return paravirtual;
  return named?.[1] ?? "none";
}

/** The container this process runs in, by the mark its engine leaves; `none` on a host. */
export function detectContainer(): string {
  const byVariable = process.env["container"];
  if (byVariable !== undefined && byVariable !== "") return byVariable;
  const byFile = CONTAINER_FILES.find(([path]) => existsSync(path));
  if (byFile !== undefined) return byFile[1];
  const cgroup = readOptional("/proc/1/cgroup");
  return /docker|containerd|kubepods|libpod|lxc/.exec(cgroup)?.[0] ?? "none";
}

function readOptional(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
