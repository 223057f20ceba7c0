/** What follows from resident memory: a line, its error, and what a container carries. */
import type { Summary } from '../harness/benchmark.js';
import { figure } from '../harness/figure.js';
import { scalar } from '../harness/measures.js';
import type { CaseResult, Chart, Scalar, Table } from '../harness/result.js';
import { type Fit, fitLine, LEFT_FREE, requestsThatFit } from './fit.js';

const CONTAINERS: readonly (readonly [name: string, mebibytes: number])[] = [
  ['512 MB', 512],
  ['1 GB', 1024],
  ['2 GB', 2048],
];

interface Series {
  bodies: string;
  points: { inFlight: number; resident: Scalar; refused: number }[];
  fit: Fit | undefined;
}

export function summarise(cases: readonly CaseResult[]): Summary {
  const series = ['small', 'large'].map((bodies) => seriesOf(bodies, cases));
  const fitted = series.flatMap(({ bodies, fit, points }) =>
    fit === undefined ? [] : [{ bodies, fit, points }],
  );
  return {
    derived: Object.fromEntries(
      fitted.flatMap(({ bodies, fit }) => [
        [`base_${bodies}`, scalar(fit.base, 'MiB', 'lower')],
        [`per_request_${bodies}`, scalar(fit.perRequest * 1024, 'KiB', 'lower')],
        [`per_request_error_${bodies}`, scalar(fit.perRequestError * 1024, 'KiB', 'lower')],
      ]),
    ),
    findings: [
      ...fitted.map(({ bodies, fit }) => lineFinding(bodies, fit)),
      ...fitted.map(({ bodies, fit, points }) => {
        return containerFinding(bodies, fit, Math.max(...points.map(({ inFlight }) => inFlight)));
      }),
      ...fitted.flatMap(({ bodies, points }) => refusalFinding(bodies, points)),
      ...(fitted.length > 0 ? ['Measured with one process; several were not measured.'] : []),
    ],
    charts: [memoryChart(series)],
    tables: fitted.length === 0 ? [] : [containerTable(fitted)],
  };
}

function seriesOf(bodies: string, cases: readonly CaseResult[]): Series {
  const points = cases
    .filter(({ validity, parameters }) => validity.status === 'valid' && parameters.bodies === bodies)
    .flatMap(({ parameters, measures }) => {
      const { resident, refused_share: refused } = measures;
      if (resident?.kind !== 'scalar' || refused?.kind !== 'scalar') return [];
      return [{ inFlight: Number(parameters.in_flight), resident, refused: refused.value }];
    });
  // Every round counts: what differs from one to the next is part of the error.
  const all = points.flatMap(({ inFlight, resident }) =>
    resident.rounds.map((mebibytes) => [inFlight, mebibytes] as const),
  );
  return { bodies, points, fit: points.length < 3 ? undefined : fitLine(all) };
}

const kib = (mebibytes: number): string => `${figure(mebibytes * 1024)} KiB`;

function lineFinding(bodies: string, { base, perRequest, perRequestError, residual }: Fit): string {
  const doubt = perRequest <= 2 * perRequestError ? ', no more than chance may give' : '';
  return `Resident memory with ${bodies} bodies: ${figure(base)} MiB and ${kib(perRequest)} (standard error ${kib(perRequestError)}) for each request in flight${doubt}; points lie ${figure(residual)} MiB off that line.`;
}

function fits(fit: Fit, mebibytes: number): string {
  const count = requestsThatFit(fit, mebibytes);
  return count === Number.POSITIVE_INFINITY ? 'memory sets no bound' : figure(count);
}

function containerFinding(bodies: string, fit: Fit, mostMeasured: number): string {
  const counts = CONTAINERS.map(([name, mebibytes]) => `${name}: ${fits(fit, mebibytes)}`);
  return `Requests in flight with ${bodies} bodies that fit, ${LEFT_FREE * 100} % left free and two standard errors allowed for: ${counts.join('; ')}. More than ${mostMeasured} are extrapolated.`;
}

function refusalFinding(bodies: string, points: Series['points']): string[] {
  const refusing = points.filter(({ refused }) => refused > 0);
  if (refusing.length === 0) return [];
  const least = Math.min(...refusing.map(({ inFlight }) => inFlight));
  return [
    `From ${least} ${bodies} bodies in flight on, the service refused some of them (503): that bounds its memory.`,
  ];
}

function containerTable(fitted: readonly { bodies: string; fit: Fit }[]): Table {
  return {
    title: 'Requests in flight that a container carries, by the line',
    head: [
      'bodies',
      'base, MiB',
      'for each, KiB',
      'standard error, KiB',
      ...CONTAINERS.map(([name]) => name),
    ],
    rows: fitted.map(({ bodies, fit }) => [
      bodies,
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
      .map(({ bodies, points }) => ({
        name: `${bodies} bodies`,
        points: points.map(({ inFlight, resident: { value, rounds } }) => {
          return { x: inFlight, y: value, low: Math.min(...rounds), high: Math.max(...rounds) };
        }),
      })),
  };
}
