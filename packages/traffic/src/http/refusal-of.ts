import { ERRNO } from "@churnlab/core";

const BY_STATUS: ReadonlyMap<number, number> = new Map([
  [500, ERRNO.HTTP_500],
  [502, ERRNO.HTTP_502],
  [503, ERRNO.HTTP_503],
  [504, ERRNO.HTTP_504],
]);

/** What a request failed with whose answer has this status, as an `ERRNO` number; 0 below 500, where it was served. */
export function refusalOf(status: number): number {
  return status < 500 ? 0 : (BY_STATUS.get(status) ?? ERRNO.HTTP_5XX);
}
