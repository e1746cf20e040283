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

const engine = process.env.CHURNLAB_CONTAINER_ENGINE ?? "docker";

/**
 * Builds an image of one program of this machine and the shared libraries that it needs, FROM scratch: no registry of images
 * has to be within reach.
 * @param {string} name
 * @param {{ program: string, place: string, lines: readonly string[] }} parts the program, where it is in the image, and
 *   the rest of its Dockerfile
 */
export function buildScratchImage(name, { program, place, lines }) {
  const context = mkdtempSync(path.join(tmpdir(), "churnlab-image-"));
  const tree = path.join(context, "root");
  try {
    copy(program, path.join(tree, place));
    for (const library of listLibraries(program)) {
      copy(realpathSync(library), path.join(tree, library));
    }
    write(tree, "etc/passwd", "root:x:0:0::/root:\nchurnlab:x:10001:10001::/data:\n");
    write(tree, "etc/group", "root:x:0:\nchurnlab:x:10001:\n");
    write(tree, "etc/nsswitch.conf", "hosts: files dns\n");
    mkdirSync(path.join(tree, "tmp"));
    chmodSync(path.join(tree, "tmp"), 0o1777);
    const dockerfile = ["FROM scratch", "COPY root /", ...lines, "LABEL churnlab.image=base", ""];
    writeFileSync(path.join(context, "Dockerfile"), dockerfile.join("\n"));
    const env = { ...process.env, DOCKER_BUILDKIT: "0" };
    execFileSync(engine, ["build", "--quiet", "--tag", name, context], {
      env,
      stdio: ["ignore", "inherit", "pipe"],
    });
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

/**
 * @param {string} tree
 * @param {string} file
 * @param {string} text
 */
function write(tree, file, text) {
  mkdirSync(path.dirname(path.join(tree, file)), { recursive: true });
  writeFileSync(path.join(tree, file), text);
}

/**
 * What ld.so would load for a program, and itself; nothing for a program that is linked statically.
 * @param {string} program
 * @returns {string[]} paths
 */
function listLibraries(program) {
  try {
    const listed = execFileSync("ldd", [program], { encoding: "utf8", stdio: "pipe" });
    return [...listed.matchAll(/(?:=> |^\s)(\/\S+)/gm)].map(([, file = ""]) => file);
  } catch (error) {
    if (String(error).includes("not a dynamic executable")) return [];
    throw error;
  }
}

/**
 * @param {string} from
 * @param {string} to
 */
function copy(from, to) {
  cpSync(from, to, { dereference: true });
}
