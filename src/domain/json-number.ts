/** Whether a number of a JSON text survives being a double. */

/** Characters of one number. No double needs more than 1,100, and looking at a body that is one number takes 9 ms. */
const NUMBER_CHARS_MAX = 10_000;

/**
 * Whether the number is the same after it was read as a double and written again, as RFC 8785 writes it.
 *
 * `token` is a number by the JSON grammar. It is not exact when it is beyond 2^53 - 1 either way (RFC 7493,
 * section 2.2), when it underflows to zero, or when its digits are not the shortest ones of the double it is
 * read as. Zeros at the ends do not count as digits: 0.10, 1.0, 1e2 and -0 are exact. Nor is one of more than 10,000 characters.
 */
export function isExactNumber(token: string): boolean {
  if (token.length > NUMBER_CHARS_MAX) return false;
  const value = Number(token);
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return false;
  return significantDigits(token) === significantDigits(String(value));
}

const ZERO = 0x30;

/** The digits of a number from the first to the last that is not zero. In one pass: a body can be all digits. */
function significantDigits(token: string): string {
  const mantissa = token.split(/[eE]/, 1)[0] as string;
  const digits = mantissa.replace(/[-.]/g, '');
  let start = 0;
  let end = digits.length;
  while (start < end && digits.charCodeAt(start) === ZERO) start += 1;
  while (end > start && digits.charCodeAt(end - 1) === ZERO) end -= 1;
  return digits.slice(start, end);
}
