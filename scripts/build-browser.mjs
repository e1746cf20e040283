// Makes of packages/report/src/browser what reports and the dashboard send to browsers: two scripts and a style sheet in
// packages/report/dist/assets. Skipped when nothing they are made of is newer than they are.
import { globSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { rolldown } from "rolldown";

const root = path.resolve(import.meta.dirname, "..");
const report = path.join(root, "packages/report");
const output = path.join(report, "dist/assets");
const entries = ["report", "dashboard"];

if (isFresh()) console.log("browser part: up to date");
else await build();

async function build() {
  mkdirSync(output, { recursive: true });
  for (const entry of entries) {
    const { code, exports } = await bundle(path.join(report, "src/browser", `${entry}.ts`));
    if (exports.length > 0) throw new Error(`${entry}.ts is an entry and exports nothing`);
    // The report carries its script inline, where this would end it.
    writeFileSync(path.join(output, `${entry}.js`), code.replaceAll("</script", "<\\/script"));
  }
  const styles = [
    path.join(report, "node_modules/uplot/dist/uPlot.min.css"),
    path.join(report, "src/html/page.css"),
  ];
  writeFileSync(
    path.join(output, "page.css"),
    styles.map((file) => readFileSync(file, "utf8")).join("\n"),
  );
  console.log(`browser part: ${entries.join(", ")}`);
}

/** @param {string} input */
async function bundle(input) {
  const bundled = await rolldown({
    input,
    platform: "browser",
    resolve: { conditionNames: ["@churnlab/source", "browser", "import", "default"] },
    // Packages of this repository do nothing when they are imported, so what is not used is left out.
    treeshake: {
      moduleSideEffects: (id) => !id.includes(`${path.sep}packages${path.sep}`) || id === input,
    },
  });
  const { output: chunks } = await bundled.generate({ format: "iife", minify: true });
  const [chunk, ...others] = chunks;
  if (others.length > 0) throw new Error(`${input} became more than one file`);
  return chunk;
}

function isFresh() {
  const made = [...entries.map((entry) => `${entry}.js`), "page.css"].map((name) =>
    modifiedMs(path.join(output, name)),
  );
  const sources = [
    ...globSync("packages/{core,report}/src/**/*.{ts,css}", { cwd: root }),
    "pnpm-lock.yaml",
    "scripts/build-browser.mjs",
  ].map((file) => modifiedMs(path.join(root, file)));
  return Math.min(...made) > Math.max(...sources);
}

/** @param {string} file */
function modifiedMs(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
