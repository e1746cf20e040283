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

const same = (text: string): string => text;

/** For files, pipes and `NO_COLOR`: not one escape code. */
export const PLAIN_STYLE: Style = {
  good: same,
  bad: same,
  doubt: same,
  quiet: same,
  strong: same,
};
