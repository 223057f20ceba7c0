/** Copying between buffers, quick for the few bytes of an id or a number as well. */

/** Up to here a loop is faster than `Buffer.copy`, which makes a view of its source at each call. */
const LOOPED_BYTES_MAX = 48;

/** Copies the bytes `start` to before `end` of `source`. Both must be there, and so must be their room in `target`. */
export function copyBytes(
  source: Buffer,
  start: number,
  end: number,
  target: Buffer,
  targetOffset: number,
): void {
  if (end - start > LOOPED_BYTES_MAX) {
    source.copy(target, targetOffset, start, end);
    return;
  }
  const shift = targetOffset - start;
  for (let at = start; at < end; at += 1) target[at + shift] = source[at] as number;
}
