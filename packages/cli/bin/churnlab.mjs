#!/usr/bin/env node
// The churnlab command, under whatever Node the machine has: dependency-free, in syntax that Node 18 reads.
import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { endWithLauncher, findPinnedNode, isNodeNewEnough, standInFor } from "./pinned-node.mjs";

const EXIT_PREFLIGHT_FAILED = 3;
const self = fileURLToPath(import.meta.url);
const root = path.resolve(path.dirname(self), "../../..");
const main = path.resolve(path.dirname(self), "../dist/main.js");

if (!existsSync(main)) {
  stop("churnlab is not built yet in this folder");
} else if (isNodeNewEnough(process.versions.node)) {
  endWithLauncher();
  nodeModule.enableCompileCache?.(path.join(root, ".cache/compile"));
  await import(main);
} else {
  const node = findPinnedNode(root);
  if (node === undefined)
    stop(
      `Node ${process.versions.node} is too old for churnlab, and its own copy is not installed`,
    );
  else process.exitCode = await standInFor(node, [self, ...process.argv.slice(2)]);
}

/** @param {string} problem */
function stop(problem) {
  process.stderr.write(`churnlab: ${problem} (E_PLATFORM)\n  fix: cd ${root} && npm run build\n`);
  process.exitCode = EXIT_PREFLIGHT_FAILED;
}
