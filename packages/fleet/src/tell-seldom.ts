/**
 * Tells of what may come any number of times: of the first, the tenth, the hundredth, each with how many there were, so that
 * nobody can fill a log.
 */
export function tellSeldom(log: (line: string) => void): (line: string) => void {
  let count = 0;
  let next = 1;
  return (line) => {
    count += 1;
    if (count < next) return;
    next *= 10;
    log(count === 1 ? line : `${line} (the ${count}th such)`);
  };
}
