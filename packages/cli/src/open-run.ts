import { openStore, type StoreReader, splitRunReference } from "@churnlab/store";

/** A run of a database, open to be read. */
export interface OpenRun extends Disposable {
  readonly store: StoreReader;
  readonly runId: string;
}

/** Opens what `last`, `last~1`, an id, its beginning, or `file.db#id` means. Throws `E_RUN_UNKNOWN`, `E_DATABASE`. */
export function openRun(reference: string, defaultFile: string): OpenRun {
  const { file, run } = splitRunReference(reference);
  const store = openStore(file ?? defaultFile, { mode: "read" });
  try {
    return { store, runId: store.findRun(run), [Symbol.dispose]: () => store.close() };
  } catch (error) {
    store.close();
    throw error;
  }
}
