// Copies what runs churnlab, and nothing that builds it, to a folder: the built packages, and of node_modules the libraries that
// their `dependencies` lead to. Needs no package manager and no network: node deploy/assemble-tree.mjs <folder>
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
} from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");
const [destination] = process.argv.slice(2);
if (destination === undefined) throw new Error("node deploy/assemble-tree.mjs <folder>");

/** Folders that are copied already, by real path. @type {Set<string>} */
const taken = new Set();

for (const name of readdirSync(path.join(root, "packages"))) {
  takePackage(path.join(root, "packages", name), ["dist", "bin", "package.json"]);
}
for (const each of ["package.json", "scenarios", "deploy"]) copy(path.join(root, each));

/**
 * @param {string} folder real path of a package
 * @param {readonly string[]} parts what of it is copied; all of it when empty
 */
function takePackage(folder, parts = []) {
  if (taken.has(folder)) return;
  taken.add(folder);
  if (parts.length === 0) copy(folder);
  for (const part of parts) copy(path.join(folder, part));
  const manifest = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  for (const dependency of Object.keys({
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.peerDependencies,
  })) {
    takeDependency(folder, dependency);
  }
}

/**
 * Libraries stand beside those they need, below one node_modules; a package of ours has its own.
 * @param {string} folder
 * @param {string} name
 */
function takeDependency(folder, name) {
  const own = path.join(folder, "node_modules", name);
  const beside = path.join(
    folder.slice(0, folder.lastIndexOf("node_modules")),
    "node_modules",
    name,
  );
  const link = existsSync(own) ? own : beside;
  if (!existsSync(link)) return; // optional, for another platform
  const target = realpathSync(link);
  if (target !== link) {
    const copied = placeOf(link);
    if (!existsSync(copied)) {
      mkdirSync(path.dirname(copied), { recursive: true });
      symlinkSync(path.relative(path.dirname(copied), placeOf(target)), copied);
    }
  }
  const isOurs = target.startsWith(path.join(root, "packages") + path.sep);
  takePackage(target, isOurs ? ["dist", "bin", "package.json"] : []);
}

/** @param {string} from */
function copy(from) {
  if (!existsSync(from)) return;
  cpSync(from, placeOf(from), { recursive: true, verbatimSymlinks: true });
}

/** @param {string} file */
function placeOf(file) {
  return path.join(destination ?? "", path.relative(root, file));
}
