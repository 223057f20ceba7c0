/** What follows from the rates of the peers: who is ahead of whom by how much, and whether each really synced. */
import type { Summary } from '../harness/benchmark.js';
import { figure } from '../harness/figure.js';
import { medianOf, scalarValue } from '../harness/measures.js';
import type { CaseResult, Chart, Scalar, Table } from '../harness/result.js';
import { PEERS, type Peer, SERVICE } from './peers.js';

interface Row {
  peer: Pick<Peer, 'id' | 'name' | 'durability'>;
  connections: number;
  throughput: Scalar;
  p99Us: number | null;
}

const ALL = [SERVICE, ...PEERS];

export function summarise(cases: readonly CaseResult[]): Summary {
  const rows = cases.flatMap(rowOf);
  const counts = [...new Set(rows.map(({ connections }) => connections))];
  const at = (connections: number): Row[] => rows.filter((row) => row.connections === connections);
  const ratios = counts.flatMap((connections) => ratiosTo(SERVICE.id, at(connections)));
  return {
    derived: Object.fromEntries(
      ratios.map(({ row, ratio }) => [`service_over_${row.peer.id}_${row.connections}`, ratio]),
    ),
    findings: [
      ...counts.flatMap((connections) => rateFinding(connections, at(connections))),
      ...syncFinding(cases),
      ...missingFinding(rows),
    ],
    charts: [rateChart(rows, counts)],
    tables: [setUpTable(cases)],
  };
}

function rowOf({ parameters, measures, validity }: CaseResult): Row[] {
  const { throughput, latency } = measures;
  const peer = ALL.find(({ id }) => id === parameters.peer);
  if (validity.status !== 'valid' || throughput?.kind !== 'scalar' || peer === undefined) return [];
  const p99Us = latency?.kind === 'latency' ? latency.uncorrected.p99 : null;
  return [{ peer, connections: Number(parameters.connections), throughput, p99Us }];
}

/** The rate of one over that of each other, round by round: rounds lie next to each other in time. */
function ratiosTo(id: string, rows: readonly Row[]): { row: Row; ratio: Scalar }[] {
  const own = rows.find(({ peer }) => peer.id === id);
  if (own === undefined) return [];
  return rows
    .filter((row) => row !== own)
    .map((row) => {
      const rounds = own.throughput.rounds.map(
        (rate, round) => rate / (row.throughput.rounds[round] ?? Number.NaN),
      );
      return { row, ratio: medianOf(rounds, '', 'higher') };
    });
}

function rateFinding(connections: number, rows: readonly Row[]): string[] {
  const ratios = new Map(ratiosTo(SERVICE.id, rows).map(({ row, ratio }) => [row, ratio]));
  const durable = rows
    .filter(({ peer }) => peer.durability === 'fsync')
    .sort((a, b) => b.throughput.value - a.throughput.value);
  const text = durable.map((row) => {
    const ratio = ratios.get(row)?.value;
    const beside = ratio === undefined ? '' : ` (the service does ${ratio.toFixed(2)} times that)`;
    const { name } = row.peer;
    return `${name} ${figure(row.throughput.value)}/s, p99 ${figure(row.p99Us === null ? null : row.p99Us / 1000)} ms${beside}`;
  });
  return durable.length === 0 ? [] : [`Durable appends at ${connections} connections: ${text.join('; ')}.`];
}

function leastSyncs(cases: readonly CaseResult[]): Map<unknown, number> {
  return new Map(
    cases.flatMap(({ parameters, measures }) => {
      const least = scalarValue(measures.syncs_least);
      return least === undefined ? [] : [[parameters.peer, least] as const];
    }),
  );
}

function syncFinding(cases: readonly CaseResult[]): string[] {
  const least = leastSyncs(cases);
  const durable = ALL.filter(({ id, durability }) => durability === 'fsync' && least.has(id));
  if (durable.length === 0) return ['Nobody counted syncs in this run: that each syncs is not shown.'];
  const failing = durable.filter(({ id }) => (least.get(id) ?? 0) < 1);
  if (failing.length > 0) {
    return [
      `Not every answer came after a sync, as strace saw it: ${failing.map(({ name }) => name).join(', ')}.`,
    ];
  }
  return [
    `Each of ${durable.map(({ name }) => name).join(', ')} had a sync that returned before every single answer, as strace saw it.`,
  ];
}

function missingFinding(rows: readonly Row[]): string[] {
  const missing = ALL.filter(({ id }) => !rows.some(({ peer }) => peer.id === id));
  if (missing.length === 0) return [];
  const names = missing.map(({ name }) => name).join(', ');
  return [`No rates (not installed, not valid, or left out of a small run): ${names}.`];
}

function setUpTable(cases: readonly CaseResult[]): Table {
  const least = leastSyncs(cases);
  return {
    title: 'What is compared with what',
    head: ['', 'answered', 'set up', 'least syncs for one append'],
    rows: ALL.map(({ id, name, durability, setUp }) => {
      const answered = durability === 'fsync' ? 'after a sync' : 'at once';
      return [name, answered, setUp, figure(least.get(id) ?? null)];
    }),
    note:
      'All but the service are behind one plain Fastify route with the schemas, the decision, the canonical form and the ' +
      'hashes of the service, and keep heads of consultations in memory. SQLite and LMDB keep the events by sequence and by ' +
      'consultation and version in the same transaction; the service does the second afterwards, in another thread.',
  };
}

function rateChart(rows: readonly Row[], counts: readonly number[]): Chart {
  const durable = ALL.filter(({ id, durability }) => {
    return durability === 'fsync' && rows.some(({ peer }) => peer.id === id);
  });
  return {
    title: 'Durable appends a second',
    kind: 'bar',
    x: { label: 'store', unit: '', scale: 'linear' },
    y: { label: 'appends', unit: '1/s', scale: 'linear' },
    series: counts.map((connections) => ({
      name: `${connections} connections (fsync)`,
      points: durable.flatMap(({ id, name }) => {
        const row = rows.find(({ peer, connections: count }) => peer.id === id && count === connections);
        if (row === undefined) return [];
        const { value, rounds } = row.throughput;
        return [{ x: name, y: value, low: Math.min(...rounds), high: Math.max(...rounds) }];
      }),
    })),
  };
}
