// Builds a base image of nothing but the pinned Node and the shared libraries it needs, FROM scratch, where no registry of
// images is within reach:   node scripts/build-base-image.mjs [name]
// Elsewhere any image with Node 24 and glibc serves as well: docker build --build-arg BASE=node:24-slim …
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const name = process.argv[2] ?? "churnlab-base";
const engine = process.env.CHURNLAB_CONTAINER_ENGINE ?? "docker";
const root = path.resolve(import.meta.dirname, "..");
const node = realpathSync(path.join(root, `node_modules/node-linux-${process.arch}/bin/node`));

const context = mkdtempSync(path.join(tmpdir(), "churnlab-base-"));
try {
  const tree = path.join(context, "root");
  copy(node, path.join(tree, "usr/local/bin/node"));
  for (const library of listLibraries(node)) copy(realpathSync(library), path.join(tree, library));
  write("etc/passwd", "root:x:0:0::/root:\nchurnlab:x:10001:10001::/data:\n");
  write("etc/group", "root:x:0:\nchurnlab:x:10001:\n");
  write("etc/nsswitch.conf", "hosts: files dns\n");
  mkdirSync(path.join(tree, "tmp"));
  chmodSync(path.join(tree, "tmp"), 0o1777);
  writeFileSync(
    path.join(context, "Dockerfile"),
    "FROM scratch\nCOPY root /\nENV PATH=/usr/local/bin\nLABEL churnlab.image=base\n",
  );
  const env = { ...process.env, DOCKER_BUILDKIT: "0" };
  execFileSync(engine, ["build", "--quiet", "--tag", name, context], {
    env,
    stdio: ["ignore", "inherit", "pipe"],
  });
  console.log(`${name}: Node ${execFileSync(node, ["--version"], { encoding: "utf8" }).trim()}`);

  /**
   * @param {string} file
   * @param {string} text
   */
  function write(file, text) {
    mkdirSync(path.dirname(path.join(tree, file)), { recursive: true });
    writeFileSync(path.join(tree, file), text);
  }
} finally {
  rmSync(context, { recursive: true, force: true });
}

/**
 * What ld.so would load for a program, and itself.
 * @param {string} program
 * @returns {string[]} paths
 */
function listLibraries(program) {
  const listed = execFileSync("ldd", [program], { encoding: "utf8" });
  return [...listed.matchAll(/(?:=> |^\s)(\/\S+)/gm)].map(([, file = ""]) => file);
}

/**
 * @param {string} from
 * @param {string} to
 */
function copy(from, to) {
  cpSync(from, to, { dereference: true });
}
