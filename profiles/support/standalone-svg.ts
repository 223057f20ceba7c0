/** A chart as an SVG file of its own, with colours and keys in it: for documents that cannot bring a style along. */
import { chartSvg } from '../../bench/harness/chart-svg.js';
import { escapeHtml } from '../../bench/harness/escape-html.js';
import type { Chart } from '../../bench/harness/result.js';

/** Told apart also by those who see colours differently (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7'];
const KEYS_TOP = 300;
const KEY_HEIGHT = 18;

/** The text of the file; at most as many series as there are colours. */
export function standaloneChart(chart: Chart): string {
  const height = KEYS_TOP + 8 + chart.series.length * KEY_HEIGHT;
  const keys = chart.series.map(({ name }, index) => {
    const y = KEYS_TOP + 8 + index * KEY_HEIGHT;
    return `<rect class="fill c${index}" x="60" y="${y}" width="12" height="12"/><text class="label" x="78" y="${y + 11}">${escapeHtml(name)}</text>`;
  });
  const colours = COLOURS.map(
    (colour, index) => `.fill.c${index}{fill:${colour}}.stroke.c${index}{stroke:${colour}}`,
  );
  const style = `<style>text{font:11px sans-serif;fill:#333}.grid{stroke:#ddd}.stroke{fill:none;stroke-width:2}${colours.join('')}</style>`;
  return chartSvg(chart)
    .replace(
      /<svg viewBox="0 0 480 300"/,
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 ${height}"`,
    )
    .replace(/>/, `>${style}<rect width="480" height="${height}" fill="#fff"/>`)
    .replace('</svg>', `${keys.join('')}</svg>\n`);
}
