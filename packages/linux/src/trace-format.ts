/** Where a field lies in the bytes of an event. */
export interface TraceField {
  readonly offset: number;
  readonly bytes: number;
}

/** An event as its `format` file describes it (Documentation/trace/events.rst): ids and offsets differ between kernels. */
export interface TraceFormat {
  readonly id: number;
  readonly fields: ReadonlyMap<string, TraceField>;
  /** The `print fmt` line, C that says how the fields are shown. */
  readonly print: string;
}

const FIELD = /^\tfield:[^;]*?(\w+)(?:\[\d*\])?;\s*offset:(\d+);\s*size:(\d+);/gm;

/** Throws `TypeError` on what is no `format` file. */
export function parseTraceFormat(text: string): TraceFormat {
  const id = /^ID: (\d+)$/m.exec(text)?.[1];
  if (id === undefined) throw new TypeError("a format file without an ID");
  const print = /^print fmt: (.*)$/m.exec(text)?.[1] ?? "";
  return { id: Number(id), fields: parseFields(text), print };
}

/** The fields of a `format` file, or of `header_page`, which has no more than those. */
export function parseFields(text: string): Map<string, TraceField> {
  return new Map(
    [...text.matchAll(FIELD)].map(([, name = "", offset, size]) => {
      return [name, { offset: Number(offset), bytes: Number(size) }];
    }),
  );
}

/** Throws `TypeError` when there is no such field. */
export function requireField(fields: ReadonlyMap<string, TraceField>, name: string): TraceField {
  const field = fields.get(name);
  if (field === undefined) throw new TypeError(`the kernel traces no field ${name}`);
  return field;
}

/** The names that `print fmt` has for the numbers of a field (`__print_symbolic`); none where it prints it otherwise. */
export function parseSymbols({ print }: TraceFormat, field: string): string[] {
  const names: string[] = [];
  const list = new RegExp(`__print_symbolic\\(REC->${field}, ((?:\\{[^}]*\\}(?:, )?)*)\\)`);
  for (const [, value, name] of (list.exec(print)?.[1] ?? "").matchAll(/\{ (\d+), "(\w+)" \}/g)) {
    names[Number(value)] = name as string;
  }
  return names;
}
