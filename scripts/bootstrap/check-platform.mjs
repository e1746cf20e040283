import { SetupProblem } from "./setup-problem.mjs";

const OLDEST_NODE_MAJOR = 18;
const ARCHITECTURES = ["x64", "arm64"];

/**
 * Refuses, before anything is downloaded, a machine on which churnlab cannot run.
 * @param {{ platform: string, arch: string, nodeVersion: string, isMusl: boolean }} [machine]
 */
export function checkPlatform(machine = thisMachine()) {
  const { platform, arch, nodeVersion, isMusl } = machine;
  if (Number.parseInt(nodeVersion, 10) < OLDEST_NODE_MAJOR) {
    throw new SetupProblem(`Node ${nodeVersion} is too old to set churnlab up`, {
      fix: `install Node ${OLDEST_NODE_MAJOR} or newer; churnlab then brings its own Node`,
    });
  }
  if (platform !== "linux") {
    throw new SetupProblem(
      `churnlab needs Linux (this is ${platform}): it measures in Linux network namespaces`,
      {
        fix: "run it in a Linux virtual machine or on a Linux host",
      },
    );
  }
  if (!ARCHITECTURES.includes(arch)) {
    throw new SetupProblem(`no pinned Node exists for ${arch}`, {
      fix: `run it on ${ARCHITECTURES.join(" or ")}`,
    });
  }
  if (isMusl) {
    throw new SetupProblem("the pinned Node needs glibc, and this distribution uses musl", {
      fix: "run it on a distribution with glibc (Debian, Ubuntu, Fedora, Arch)",
    });
  }
}

function thisMachine() {
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (
    process.report.getReport()
  );
  return {
    platform: process.platform,
    arch: process.arch,
    nodeVersion: process.versions.node,
    isMusl: process.platform === "linux" && report.header.glibcVersionRuntime === undefined,
  };
}
