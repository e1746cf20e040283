import { existsSync, symlinkSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writeProgram } from "../docker/fake-program.ts";
import { Workplace } from "./churnlab.ts";

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place[Symbol.dispose]());

const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

/** Without a capability, and without room for another user namespace. */
const CLOSED = [
  "sh",
  "-ec",
  `exec unshare --user --map-root-user --mount-proc --pid --fork sh -ec '
    echo 0 > /proc/sys/user/max_user_namespaces; exec setpriv --bounding-set=-all "$@"' sh "$@"`,
  "sh",
];

const VERSION =
  'if [ "$1" = --version ]; then echo "Docker version 28.2.2, build e6534b4"; exit; fi';
/** An engine's command line, as it answers to somebody who may reach its socket and to somebody who may not. */
const DOCKER = {
  works: `${VERSION}\necho "daemon 28.2.2"`,
  denied: `${VERSION}
echo "WARNING: Error loading config file: open /root/.docker/config.json: permission denied" >&2
echo "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock" >&2
exit 1`,
} as const;

interface Machine {
  readonly as?: readonly string[];
  readonly ip?: boolean;
  readonly docker?: keyof typeof DOCKER | null;
}

function findProgram(name: string): string {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  const found = folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
  if (found === undefined) throw new Error(`${name} is not installed`);
  return found;
}

/** Only the programs of such a machine can be found. */
function prefixOf({ as = [], ip = true, docker = "works" }: Machine): string[] {
  const bin = writeProgram(place.folder, "none", "");
  for (const program of ["unshare", "true", ...(ip ? ["ip"] : [])]) {
    symlinkSync(findProgram(program), path.join(bin, program));
  }
  if (docker !== null) writeProgram(place.folder, "docker", DOCKER[docker]);
  return [...as, "env", `PATH=${bin}`];
}

/** What a kernel, its limits and its programs' versions are is left out. */
function withoutMachine(text: string): string {
  return text
    .replaceAll(/^ {2}\S (open-files|io-uring|reset-reasons|kernel): .*\n( {6}.*\n)?/gm, "")
    .replaceAll(/Node [\d.]+/g, "Node N")
    .replaceAll(/net:\[\d+\]/g, "net:[N]")
    .replaceAll(/iproute2-.*? {2}/g, "iproute2-N  ");
}

// Each is the whole answer, kept beside the test as a file that people read too.
it.each<readonly [name: string, machine: Machine]>([
  ["root", {}],
  ["plain-user", { as: NOBODY }],
  ["no-user-namespaces", { as: CLOSED }],
  ["no-ip", { ip: false }],
  ["no-docker", { docker: null }],
  ["docker-without-permission", { docker: "denied" }],
])("doctor tells what works, and how to mend what does not: %s", async (name, machine) => {
  const { code, stdout, stderr } = await place.run(["doctor"], { prefix: prefixOf(machine) });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  await expect(withoutMachine(stdout)).toMatchFileSnapshot(`doctor/${name}.txt`);
});

it("doctor --strict ends with 3 where something is wrong", async () => {
  const { code } = await place.run(["doctor", "--strict"], { prefix: prefixOf({ as: CLOSED }) });
  expect(code).toBe(3);
});
