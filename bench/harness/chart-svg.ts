/**
 * Charts as SVG, made when the report is written: the page needs no script, no network and no library to show them.
 *
 * Colours are classes, so that the page's style decides about light and dark. Every chart is an image with a title for
 * those who cannot see it; the figures are in a table beside it. 480 units wide, scaled by the page.
 */
import { escapeHtml } from './escape-html.js';
import type { Chart } from './result.js';

const WIDTH = 480;
const HEIGHT = 300;
const LEFT = 60;
const RIGHT = 16;
const TOP = 12;
const BOTTOM = 44;
const PLOT_WIDTH = WIDTH - LEFT - RIGHT;
const PLOT_HEIGHT = HEIGHT - TOP - BOTTOM;
/** The page's style has so many colours. */
export const COLOURS = 8;
const TICKS = 5;

interface Scale {
  ticks: number[];
  /** From 0 to 1. */
  at(value: number): number;
}

/** An SVG element; an empty text if the chart has no points. */
export function chartSvg(chart: Chart): string {
  const points = chart.series.flatMap((series) => series.points);
  if (points.length === 0) return '';
  const ys = points.flatMap(({ y, low = y, high = y }) => [y, low, high]);
  const yScale = scaleOf(ys, chart.y.scale, chart.kind === 'bar');
  const drawn = chart.kind === 'bar' ? bars(chart, yScale) : lines(chart, yScale);
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(chart.title)}">
${yAxis(chart, yScale)}${drawn}
<text class="label" x="${LEFT + PLOT_WIDTH / 2}" y="${HEIGHT - 6}" text-anchor="middle">${escapeHtml(labelOf(chart.x))}</text>
<text class="label" transform="translate(13 ${TOP + PLOT_HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(labelOf(chart.y))}</text>
</svg>`;
}

const labelOf = ({ label, unit }: Chart['x']): string => (unit === '' ? label : `${label}, ${unit}`);
const round = (value: number): number => Math.round(value * 10) / 10;

/** A number as short as it can be said: `0.25`, `1,500`, `10M`. */
export function shortNumber(value: number): string {
  const format = new Intl.NumberFormat('en-US', {
    maximumSignificantDigits: 3,
    notation: Math.abs(value) >= 1e5 ? 'compact' : 'standard',
  });
  return format.format(value);
}

function scaleOf(values: readonly number[], kind: 'linear' | 'log', fromZero: boolean): Scale {
  const positive = values.filter((value) => value > 0);
  if (kind === 'log' && positive.length > 0) return logScale(Math.min(...positive), Math.max(...positive));
  const low = fromZero ? Math.min(0, ...values) : Math.min(...values);
  const high = Math.max(...values, fromZero ? 0 : Number.NEGATIVE_INFINITY);
  return linearScale(Math.min(low, 0), high);
}

function linearScale(low: number, high: number): Scale {
  const span = high - low || 1;
  const rough = span / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
  const [bottom, top] = [first * step, Math.max(last * step, first * step + step)];
  return { ticks, at: (value) => (value - bottom) / (top - bottom) };
}

function logScale(low: number, high: number): Scale {
  const first = Math.floor(Math.log10(low));
  const last = Math.max(Math.ceil(Math.log10(high)), first + 1);
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
  return { ticks, at: (value) => (Math.log10(Math.max(value, low / 10)) - first) / (last - first) };
}

const yOf = (scale: Scale, value: number): number =>
  round(TOP + PLOT_HEIGHT * (1 - Math.min(1, Math.max(0, scale.at(value)))));

function yAxis(_: Chart, scale: Scale): string {
  return scale.ticks
    .map((tick) => {
      const y = yOf(scale, tick);
      return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/><text class="tick" x="${LEFT - 6}" y="${y + 4}" text-anchor="end">${shortNumber(tick)}</text>`;
    })
    .join('');
}

function bars({ series }: Chart, scale: Scale): string {
  const names = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => String(x))))];
  const groupWidth = PLOT_WIDTH / names.length;
  const barWidth = (groupWidth * 0.8) / series.length;
  const base = yOf(scale, scale.ticks[0] ?? 0);
  const rects = series.flatMap(({ name, points }, index) =>
    points.map(({ x, y, low, high }) => {
      const left = round(LEFT + names.indexOf(String(x)) * groupWidth + groupWidth * 0.1 + index * barWidth);
      const top = yOf(scale, y);
      const title = `<title>${escapeHtml(`${name}, ${x}: ${shortNumber(y)}`)}</title>`;
      const rect = `<rect class="fill c${index % COLOURS}" x="${left}" y="${top}" width="${round(barWidth * 0.92)}" height="${round(Math.max(0, base - top))}">${title}</rect>`;
      return rect + whisker(left + (barWidth * 0.92) / 2, scale, low, high);
    }),
  );
  // Names that would run into one another stand aslant.
  const aslant = names.some((name) => name.length * 7 > groupWidth);
  const labels = names.map((name, index) => {
    const x = round(LEFT + (index + 0.5) * groupWidth);
    const y = HEIGHT - BOTTOM + 15;
    const turned = aslant ? ` transform="rotate(-28 ${x} ${y})" text-anchor="end"` : ' text-anchor="middle"';
    return `<text class="tick" x="${x}" y="${y}"${turned}>${escapeHtml(name)}</text>`;
  });
  return [...rects, ...labels].join('');
}

function lines({ series, x: axis }: Chart, scale: Scale): string {
  const xs = series.flatMap(({ points }) => points.map(({ x }) => Number(x)));
  const xScale = scaleOf(xs, axis.scale, false);
  const xOf = (value: number): number =>
    round(LEFT + PLOT_WIDTH * Math.min(1, Math.max(0, xScale.at(value))));
  const drawn = series.map(({ name, points }, index) => {
    const places = points.map(({ x, y }) => `${xOf(Number(x))},${yOf(scale, y)}`);
    const dots = points.map(({ x, y, low, high }) => {
      const title = `<title>${escapeHtml(`${name}, ${shortNumber(Number(x))}: ${shortNumber(y)}`)}</title>`;
      const dot = `<circle class="fill c${index % COLOURS}" cx="${xOf(Number(x))}" cy="${yOf(scale, y)}" r="3.5">${title}</circle>`;
      return dot + whisker(xOf(Number(x)), scale, low, high);
    });
    return `<polyline class="stroke c${index % COLOURS}" points="${places.join(' ')}"/>${dots.join('')}`;
  });
  const labels = xScale.ticks.map((tick) => {
    return `<text class="tick" x="${xOf(tick)}" y="${HEIGHT - BOTTOM + 15}" text-anchor="middle">${shortNumber(tick)}</text>`;
  });
  return [...drawn, ...labels].join('');
}

function whisker(x: number, scale: Scale, low: number | undefined, high: number | undefined): string {
  if (low === undefined || high === undefined) return '';
  return `<line class="whisker" x1="${round(x)}" x2="${round(x)}" y1="${yOf(scale, low)}" y2="${yOf(scale, high)}"/>`;
}
