/** What follows from resident memory: a line, its error, and what a container carries. */
import type { Summary } from '../harness/benchmark.js';
import { figure } from '../harness/figure.js';
import { scalar } from '../harness/measures.js';
import type { CaseResult, Chart, Scalar, Table } from '../harness/result.js';
import { type Fit, fitLine, LEFT_FREE, requestsThatFit } from './fit.js';
import { SETUPS, type Setup } from './setups.js';

const CONTAINERS: readonly (readonly [name: string, mebibytes: number])[] = [
  ['512 MB', 512],
  ['1 GB', 1024],
  ['2 GB', 2048],
];

interface Series {
  setup: Setup;
  points: { inFlight: number; resident: Scalar; refused: number }[];
  fit: Fit | undefined;
}

type Fitted = Series & { fit: Fit };

export function summarise(cases: readonly CaseResult[]): Summary {
  const series = SETUPS.map((setup) => seriesOf(setup, cases));
  const fitted = series.filter((one): one is Fitted => one.fit !== undefined);
  return {
    derived: Object.fromEntries(
      fitted.flatMap(({ setup: { id }, fit }) => [
        [`base_${id}`, scalar(fit.base, 'MiB', 'lower')],
        [`per_request_${id}`, scalar(fit.perRequest * 1024, 'KiB', 'lower')],
        [`per_request_error_${id}`, scalar(fit.perRequestError * 1024, 'KiB', 'lower')],
      ]),
    ),
    findings: [
      ...fitted.map(({ setup, fit }) => lineFinding(setup, fit)),
      ...fitted.map(containerFinding),
      ...fitted.flatMap(refusalFinding),
      ...processesFinding(fitted),
    ],
    charts: [memoryChart(series)],
    tables: fitted.length === 0 ? [] : [containerTable(fitted)],
  };
}

function seriesOf(setup: Setup, cases: readonly CaseResult[]): Series {
  const points = cases
    .filter(({ validity, parameters }) => validity.status === 'valid' && parameters.setup === setup.id)
    .flatMap(({ parameters, measures }) => {
      const { resident, refused_share: refused } = measures;
      if (resident?.kind !== 'scalar' || refused?.kind !== 'scalar') return [];
      return [{ inFlight: Number(parameters.in_flight), resident, refused: refused.value }];
    });
  // Every round counts: what differs from one to the next is part of the error.
  const all = points.flatMap(({ inFlight, resident }) =>
    resident.rounds.map((mebibytes) => [inFlight, mebibytes] as const),
  );
  return { setup, points, fit: points.length < 3 ? undefined : fitLine(all) };
}

const kib = (mebibytes: number): string => `${figure(mebibytes * 1024)} KiB`;

function lineFinding({ label }: Setup, fit: Fit): string {
  const { base, perRequest, perRequestError, residual, explained } = fit;
  const doubt = perRequest <= 2 * perRequestError ? ', no more than chance may give' : '';
  return `Resident memory with ${label}: ${figure(base)} MiB and ${kib(perRequest)} (standard error ${kib(perRequestError)}) for each request in flight${doubt}; points lie ${figure(residual)} MiB off that line, which explains ${(explained * 100).toFixed(0)} % of their differences.`;
}

function fits(fit: Fit, mebibytes: number): string {
  const count = requestsThatFit(fit, mebibytes);
  return count === Number.POSITIVE_INFINITY ? 'no bound found' : figure(count);
}

function containerFinding({ setup, fit, points }: Fitted): string {
  const counts = CONTAINERS.map(([name, mebibytes]) => `${name}: ${fits(fit, mebibytes)}`);
  const mostMeasured = Math.max(...points.map(({ inFlight }) => inFlight));
  return `Requests in flight with ${setup.label} that fit, ${LEFT_FREE * 100} % left free and two standard errors allowed for: ${counts.join('; ')}. More than ${mostMeasured} are extrapolated.`;
}

function refusalFinding({ setup, points }: Series): string[] {
  const refusing = points.filter(({ refused }) => refused > 0);
  if (refusing.length === 0) return [];
  const least = Math.min(...refusing.map(({ inFlight }) => inFlight));
  return [
    `From ${least} in flight on with ${setup.label}, the service refused some (503): that bounds its memory.`,
  ];
}

/** What more processes add, by the bases of the lines. */
function processesFinding(fitted: readonly Fitted[]): string[] {
  const one = fitted.find(({ setup }) => setup.id === 'small');
  return fitted
    .filter(({ setup }) => setup.workers > 0)
    .flatMap(({ setup, fit }) => {
      if (one === undefined) return [];
      const times = (fit.base / one.fit.base).toFixed(2);
      return [`${setup.label}: with nothing in flight ${figure(fit.base)} MiB, ${times} times one process.`];
    });
}

function containerTable(fitted: readonly Fitted[]): Table {
  return {
    title: 'Requests in flight that a container carries, by the line',
    head: ['', 'base, MiB', 'for each, KiB', 'standard error, KiB', ...CONTAINERS.map(([name]) => name)],
    rows: fitted.map(({ setup, fit }) => [
      setup.label,
      figure(fit.base),
      figure(fit.perRequest * 1024),
      figure(fit.perRequestError * 1024),
      ...CONTAINERS.map(([, mebibytes]) => fits(fit, mebibytes)),
    ]),
    note: 'Resident memory has clean pages of mapped files in it, which a container could take back: the counts are on the safe side.',
  };
}

function memoryChart(series: readonly Series[]): Chart {
  return {
    title: 'The most resident memory, by requests in flight',
    kind: 'line',
    x: { label: 'requests in flight', unit: '', scale: 'linear' },
    y: { label: 'resident', unit: 'MiB', scale: 'linear' },
    series: series
      .filter(({ points }) => points.length > 0)
      .map(({ setup, points }) => ({
        name: setup.label,
        points: points.map(({ inFlight, resident: { value, rounds } }) => {
          return { x: inFlight, y: value, low: Math.min(...rounds), high: Math.max(...rounds) };
        }),
      })),
  };
}
