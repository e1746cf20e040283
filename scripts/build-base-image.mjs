// Builds a base image of nothing but the pinned Node and the shared libraries it needs, FROM scratch, where no registry of
// images is within reach:   node scripts/build-base-image.mjs [name]
// Elsewhere any image with Node 24 and glibc serves as well: docker build --build-arg BASE=node:24-slim …
import { execFileSync } from "node:child_process";
import { realpathSync } from "node:fs";
import path from "node:path";
import { buildScratchImage } from "./scratch-image.mjs";

const name = process.argv[2] ?? "churnlab-base";
const root = path.resolve(import.meta.dirname, "..");
const node = realpathSync(path.join(root, `node_modules/node-linux-${process.arch}/bin/node`));

buildScratchImage(name, {
  program: node,
  place: "usr/local/bin/node",
  lines: ["ENV PATH=/usr/local/bin"],
});
console.log(`${name}: Node ${execFileSync(node, ["--version"], { encoding: "utf8" }).trim()}`);
