import { mayImport, pureRooms } from "./architecture.mjs";

/** @type {import("dependency-cruiser").IForbiddenRuleType[]} */
const rooms = Object.entries(mayImport).map(([room, allowed]) => ({
  name: `${room}-imports`,
  comment: `${room} may import ${allowed.join(", ") || "no other package"} (architecture.mjs)`,
  severity: "error",
  from: { path: `^packages/${room}/src/` },
  to: { path: "^packages/", pathNot: [room, ...allowed].map((name) => `^packages/${name}/src/`) },
}));

/** @type {import("dependency-cruiser").IForbiddenRuleType[]} */
const pure = pureRooms.map((room) => ({
  name: `${room}-is-pure`,
  comment: `${room} holds words and pure functions: nothing of the outside world, so no module of Node`,
  severity: "error",
  from: { path: `^packages/${room}/src/` },
  to: { dependencyTypes: ["core"] },
}));

/** A load, its connections and what its workload kind does with them are one machine: a class each, that know each other. */
const mutualTypes = "^packages/traffic/src/(?:load|slots)/";

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...rooms,
    ...pure,
    {
      name: "every-package-has-a-room",
      comment: "a package that architecture.mjs does not name has no rules",
      severity: "error",
      from: {
        path: "^packages/",
        pathNot: Object.keys(mayImport).map((room) => `^packages/${room}/`),
      },
      to: {},
    },
    {
      name: "no-cycles",
      comment: "also of types: what two files need of each other belongs into a third",
      severity: "error",
      from: { pathNot: mutualTypes },
      to: { circular: true },
    },
    {
      name: "no-cycles-at-run-time",
      comment: "not even where types may refer to each other",
      severity: "error",
      from: { path: mutualTypes },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no-unresolvable",
      comment: "an import that leads nowhere would hide from every other rule",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "/dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.test.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@churnlab/source", "import", "types", "default"],
    },
  },
};
