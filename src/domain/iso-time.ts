/** Times as the API shows them: ISO 8601 in UTC, with milliseconds. */

let lastMs = -1;
let lastText = '';

/** The text of a time in milliseconds since 1970. Events that come together mostly have the same millisecond. */
export function isoTime(timeMs: number): string {
  if (timeMs !== lastMs) {
    lastText = new Date(timeMs).toISOString();
    lastMs = timeMs;
  }
  return lastText;
}
