/**
 * Short texts that name something: a user, a source, a time zone.
 *
 * Control characters name nobody. They are refused for one more reason: these texts are stored as they are, and
 * with zeros and other binary numbers in it a text could pass for a part of the journal.
 */
export const PLAIN_TEXT_PATTERN = '^[^\\u0000-\\u001f\\u007f]*$';

const PLAIN_TEXT = new RegExp(PLAIN_TEXT_PATTERN, 'u');

export function isPlainText(text: string): boolean {
  return PLAIN_TEXT.test(text);
}
