/**
 * The end of a turn of the event loop: when everything that came with one look at the sockets was taken in.
 *
 * What is put off until then is done once for all of it: a block of the log holds every append of the turn, a frame to
 * another process every message. Who takes in much at the end of a turn himself ends it, so that the rest does not wait
 * for another look at the sockets.
 */

let waiting: (() => void)[] = [];

/** Runs something once everything that came with this turn was taken in. */
export function atEndOfTurn(run: () => void): void {
  if (waiting.push(run) === 1) setImmediate(endTurn);
}

/** Everything was taken in: runs what waits for that, in the order it came. What is added meanwhile waits anew. */
export function endTurn(): void {
  const due = waiting;
  waiting = [];
  for (const run of due) run();
}
