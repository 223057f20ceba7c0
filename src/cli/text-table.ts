/** Plain text tables for people: columns as wide as they need, numbers to the right. */

const GAP = '  ';

/** A whole number with its thousands apart, such as `1,234,567`. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A number of bytes in the unit that fits, to three digits, such as `1.23 MB` (1,000,000 bytes each). */
export function bytesText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}

/**
 * Lines of a table. The first column and those of `leftColumns` (from 0) stand to the left, all others to the
 * right. Every row has as many cells as `head`.
 */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  leftColumns: readonly number[] = [],
): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] as number;
        return column === 0 || leftColumns.includes(column) ? cell.padEnd(width) : cell.padStart(width);
      })
      .join(GAP)
      .trimEnd();
  return all.map((row) => `${line(row)}\n`).join('');
}
