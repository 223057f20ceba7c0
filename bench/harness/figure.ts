/** Figures as people read them. */

/** A figure to three digits, with its thousands apart. */
export function figure(value: number | null): string {
  if (value === null) return '–';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}
