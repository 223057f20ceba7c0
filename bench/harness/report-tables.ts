/**
 * The tables of a result, for Markdown and HTML alike.
 *
 * Cases come in one table for each durability, so that what was synced and what was not never share a column, and in it
 * one for each kind of figure: plain ones, and latencies with all of their percentiles.
 */
import { drift } from './calibration.js';
import { figure } from './figure.js';
import type {
  BenchmarkResult,
  CaseResult,
  Durability,
  Latency,
  Percentiles,
  Scalar,
  Table,
} from './result.js';
import { commitText, machineLine } from './surroundings.js';

/** With more kinds of figures than this, cases stand side by side and figures below one another. */
const COLUMNS_MAX = 8;

const DURABILITY_TITLES: Readonly<Record<Durability, string>> = {
  fsync: 'Durable: answered after fdatasync',
  os: 'Not durable: answered after the write',
  memory: 'Nothing is kept, or nothing is answered for',
};

/** What the run was: where, when, with which calibration. */
export function surroundingsTable(result: BenchmarkResult): Table {
  const { calibration, machine, settings } = result;
  const both = (of: (side: 'before' | 'after') => string): string => {
    const [before, after] = [of('before'), of('after')];
    return before === after ? before : `${before} before, ${after} after`;
  };
  const rows = [
    [
      'command',
      `\`${result.command}\`${result.size === 'smoke' ? ' (smoke: these figures mean nothing)' : ''}`,
    ],
    ['commit', commitText(result)],
    ['taken', `${result.started_at}, in ${figure(result.duration_seconds)} s`],
    ['machine', machineLine(result)],
    ['file system', machine.file_system],
    ['Node', machine.node],
    [
      'settings',
      [`seed ${result.seed}`, ...Object.entries(settings).map(([name, value]) => `${name} ${value}`)].join(
        ', ',
      ),
    ],
    [
      'fdatasync of 4 KiB, p50 / p99',
      both((side) => `${figure(calibration[side].fsync.p50)} / ${figure(calibration[side].fsync.p99)} µs`),
    ],
    ['SHA-256 of 1 KiB', both((side) => `${figure(calibration[side].sha256_per_second)} /s`)],
    ['JSON documents', both((side) => `${figure(calibration[side].json_per_second)} /s`)],
    ['writes without a sync', both((side) => `${figure(calibration[side].write_mb_per_second)} MB/s`)],
    [
      'load of the machine (1, 5, 15 minutes)',
      both((side) => calibration[side].load.map((load) => load.toFixed(2)).join(', ')),
    ],
  ];
  const doubtful = drift(calibration.before, calibration.after).length > 0;
  const note = doubtful ? 'The machine changed during the run.' : '';
  return { title: 'The run', head: ['', ''], rows, note };
}

/** The limits of the benchmark; none if it has none. */
export function checksTable({ checks }: BenchmarkResult): Table | undefined {
  if (checks.length === 0) return undefined;
  const rows = checks.map(({ what, measured, unit, at_most, at_least, kept }) => {
    const limit = at_most === null ? `at least ${figure(at_least)}` : `at most ${figure(at_most)}`;
    const verdict = kept === null ? 'not decided' : kept ? 'kept' : '**exceeded**';
    return [what, `${figure(measured)} ${unit}`.trim(), `${limit} ${unit}`.trim(), verdict];
  });
  return { title: 'Limits', head: ['', 'measured', 'limit', ''], rows, note: '' };
}

/** All cases: by durability, figures and latencies. */
export function caseTables({ cases }: BenchmarkResult): Table[] {
  const shown = cases.filter(({ measures }) => Object.keys(measures).length > 0);
  return (['fsync', 'os', 'memory'] as const).flatMap((durability) => {
    const rows = shown.filter((row) => row.durability === durability);
    const title = DURABILITY_TITLES[durability];
    return [...scalarTables(rows, title), ...latencyTables(rows, title)];
  });
}

const nameOf = ({ name, validity }: CaseResult): string =>
  validity.status === 'valid' ? name : `${name} (**${validity.status}**)`;

/** Cases that have the same figures share a table. */
function scalarTables(rows: readonly CaseResult[], title: string): Table[] {
  const groups = new Map<string, CaseResult[]>();
  for (const row of rows) {
    const key = scalarsOf(row)
      .map(([name, { unit }]) => (unit === '' ? name : `${name}, ${unit}`))
      .join('|');
    if (key !== '') groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups].map(([key, members]) => {
    const names = key.split('|').map(columnName);
    const figures = members.map((row) => scalarsOf(row).map(([, scalar]) => scalarCell(scalar)));
    const hasRounds = members.some((row) => scalarsOf(row).some(([, { rounds }]) => rounds.length > 1));
    const note = hasRounds ? 'Medians of rounds, with the least and the most.' : '';
    if (names.length > COLUMNS_MAX) {
      const rows = names.map((name, index) => [name, ...figures.map((cells) => cells[index] ?? '')]);
      return { title, head: ['', ...members.map(nameOf)], rows, note };
    }
    const rows = members.map((row, index) => [nameOf(row), ...(figures[index] ?? [])]);
    return { title, head: ['case', ...names], rows, note };
  });
}

const columnName = (name: string): string => name.replaceAll('_', ' ').replace(/, us$/, ', µs');

function scalarsOf({ measures }: CaseResult): [string, Scalar][] {
  return Object.entries(measures).flatMap(([name, measure]): [string, Scalar][] =>
    measure.kind === 'scalar' ? [[name, measure]] : [],
  );
}

function scalarCell({ value, rounds }: Scalar): string {
  if (rounds.length < 2) return figure(value);
  return `${figure(value)} (${figure(Math.min(...rounds))}–${figure(Math.max(...rounds))})`;
}

function latencyTables(rows: readonly CaseResult[], title: string): Table[] {
  const cells = rows.flatMap((row) =>
    Object.entries(row.measures).flatMap(([name, measure]) =>
      measure.kind === 'latency' ? latencyRows(`${nameOf(row)}: ${columnName(name)}`, measure) : [],
    ),
  );
  if (cells.length === 0) return [];
  const head = ['µs', 'from', 'samples', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'max'];
  const note = 'A percentile that fewer than ten samples lie beyond is not shown.';
  return [{ title: `${title}; latencies`, head, rows: cells, note }];
}

function latencyRows(name: string, { corrected, uncorrected }: Latency): string[][] {
  const row = (from: string, { count, p50, p90, p95, p99, p99_9, max }: Percentiles): string[] => {
    return [name, from, figure(count), ...[p50, p90, p95, p99, p99_9, max].map(figure)];
  };
  if (corrected === null) return [row('its start', uncorrected)];
  return [row('when it was due', corrected), row('when it was sent', uncorrected)];
}

/** Cases without figures, or with figures that must not be quoted, and why. */
export function doubtfulCases({ cases }: BenchmarkResult): string[] {
  return cases
    .filter(({ validity }) => validity.status !== 'valid')
    .map(({ name, validity }) => `${name} is ${validity.status}: ${validity.reasons.join('; ')}.`);
}
