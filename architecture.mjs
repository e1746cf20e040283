// The rooms of churnlab and who may import whom: ARCHITECTURE.md as data. `pnpm check` keeps it true.

/**
 * Every package with the packages it may import. Arrows only point up this table.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const mayImport = {
  core: [],
  linux: ["core"],
  traffic: ["core", "linux"],
  store: ["core"],
  control: ["core"],
  testbed: ["core", "linux", "traffic"],
  fleet: ["core", "linux", "traffic", "testbed"],
  report: ["core", "store"],
  cli: ["core", "linux", "traffic", "store", "control", "testbed", "fleet", "report"],
};

/** Packages that reach nothing of the outside world: no `node:` module, only pure libraries. */
export const pureRooms = ["core"];
