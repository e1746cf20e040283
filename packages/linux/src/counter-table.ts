const NEWLINE = 10;
const SPACE = 32;
const MINUS = 45;
const DIGIT_0 = 48;

/**
 * One section of /proc/net/snmp or /proc/net/netstat: a line of names and a line of numbers, both begun by its title.
 * Columns are found by name; where they stand is remembered until the line of names changes its length.
 */
export class CounterTable {
  readonly names: readonly string[];
  /** The values of the names in their order; NaN where this kernel lacks the name. */
  readonly values: Float64Array;
  readonly #title: string;
  #slots: Int16Array = new Int16Array();
  #headerBytes = -1;

  constructor(title: string, names: readonly string[]) {
    this.#title = title;
    this.names = names;
    this.values = new Float64Array(names.length).fill(Number.NaN);
  }

  /** Names that this kernel does not have; known once a text was parsed. */
  get absent(): string[] {
    return this.names.filter((_, index) => Number.isNaN(this.values[index]));
  }

  parse(text: Buffer): void {
    const header = this.#findHeader(text);
    const headerEnd = text.indexOf(NEWLINE, header);
    if (headerEnd - header !== this.#headerBytes) {
      this.#learnColumns(text.toString("latin1", header, headerEnd));
      this.#headerBytes = headerEnd - header;
    }
    this.#readNumbers(text, headerEnd + 1 + this.#title.length);
  }

  #findHeader(text: Buffer): number {
    let at = text.indexOf(this.#title);
    while (at > 0 && text[at - 1] !== NEWLINE) at = text.indexOf(this.#title, at + 1);
    if (at === -1) throw new Error(`No section ${this.#title} in the kernel's counters`);
    return at;
  }

  #learnColumns(header: string): void {
    const columns = header.split(" ").slice(1);
    this.values.fill(Number.NaN);
    this.#slots = Int16Array.from(columns, (name) => this.names.indexOf(name));
  }

  #readNumbers(text: Buffer, from: number): void {
    let at = from;
    for (let column = 0; column < this.#slots.length && at < text.length; column += 1) {
      let value = 0;
      let sign = 1;
      for (at += 1; at < text.length; at += 1) {
        const byte = text[at] as number;
        if (byte === SPACE || byte === NEWLINE) break;
        if (byte === MINUS) sign = -1;
        else value = value * 10 + (byte - DIGIT_0);
      }
      const slot = this.#slots[column] as number;
      if (slot !== -1) this.values[slot] = sign * value;
    }
  }
}
