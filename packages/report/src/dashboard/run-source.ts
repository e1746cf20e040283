import { openStore, type StoreReader } from "@churnlab/store";

/** Where a dashboard reads runs. */
export interface RunSource {
  /** Name of the file, for people. */
  readonly path: string;
  /** Lends a reader for the time of the action. Throws what the store throws. */
  read<T>(action: (store: StoreReader) => T): T;
}

/**
 * A database that another process may be writing. It is opened for every reading and closed again, so that the writer, when
 * it is done, finds nobody in the way of leaving one whole file.
 */
export function fileSource(path: string): RunSource {
  return {
    path,
    read(action) {
      using store = openStore(path, { mode: "read" });
      return action(store);
    },
  };
}

/** The store of a run that goes on in this process. */
export function storeSource(store: StoreReader): RunSource {
  return { path: store.path, read: (action) => action(store) };
}
