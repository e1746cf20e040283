/** What may be done to a text besides printing it. Nothing is ever said by colour alone. */
export interface Style {
  good(text: string): string;
  bad(text: string): string;
  doubt(text: string): string;
  quiet(text: string): string;
  strong(text: string): string;
  /** Of the screen; absent: lines are as long as they have to be. */
  readonly columns?: number;
}

/** How wide what a person reads may be. */
const COLUMNS_MAX = 100;

/** How wide a sentence may be on this screen. */
export function proseColumns({ columns = COLUMNS_MAX }: Style): number {
  return Math.min(COLUMNS_MAX, columns);
}

const same = (text: string): string => text;

/** For files, pipes and `NO_COLOR`: not one escape code. */
export const PLAIN_STYLE: Style = {
  good: same,
  bad: same,
  doubt: same,
  quiet: same,
  strong: same,
};
