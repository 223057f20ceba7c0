/** Writes docs/FEED.md from a result: every figure in it comes from the run that it names. */
import type { Surroundings } from '../support/surroundings-text.js';
import type { ActiveStage, IdleStage } from './measure.js';

export interface FeedResult {
  command: string;
  surroundings: Surroundings;
  settings: Readonly<Record<string, number>>;
  idle: IdleStage[];
  /** KiB for each who follows, from none to the most. */
  idleKibibytes: { service: number; kernel: number };
  /** Round by round, in the order they were measured. */
  rounds: ActiveStage[][];
}

/** KiB a follower between the first stage and the last. */
export function idleKibibytesOf(idle: readonly IdleStage[]): FeedResult['idleKibibytes'] {
  const [first, last] = [idle[0] as IdleStage, idle.at(-1) as IdleStage];
  const each = (before: number, after: number) =>
    ((after - before) * 1024) / (last.followers - first.followers);
  return {
    service: each(first.anonymous, last.anonymous),
    // Both ends of a connection are on this machine.
    kernel: each(first.kernelSlab, last.kernelSlab) / 2,
  };
}

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** A line for each number of followers: medians over the rounds, and ratios to none within each round. */
export function activeRows(rounds: readonly ActiveStage[][]): string[][] {
  return (rounds[0] ?? []).map(({ followers, deliveriesPerSecond }, index) => {
    const stages = rounds.map((round) => round[index] as ActiveStage);
    const of = (pick: (stage: ActiveStage) => number): number => median(stages.map(pick));
    const ratio = (pick: (stage: ActiveStage) => number): number =>
      median(rounds.map((round) => pick(round[index] as ActiveStage) / pick(round[0] as ActiveStage)));
    const delivery =
      followers === 0
        ? '–'
        : `${of((s) => s.delivery.p50).toFixed(2)} / ${of((s) => s.delivery.p99).toFixed(2)}`;
    return [
      followers.toLocaleString('en-US'),
      deliveriesPerSecond.toLocaleString('en-US'),
      delivery,
      `${of((s) => s.appends.p50).toFixed(2)} / ${of((s) => s.appends.p99).toFixed(2)}`,
      `${ratio((s) => s.appends.p50).toFixed(2)} / ${ratio((s) => s.appends.p99).toFixed(2)}`,
      of((s) => s.cpuMsPerAppend).toFixed(2),
    ];
  });
}

export function documentOf(result: FeedResult): string {
  const { command, surroundings, settings, idle, idleKibibytes, rounds } = result;
  const { commit, takenAt, machine, node, loadBefore } = surroundings;
  return `# The feed

What those who follow cost, and how soon they have an event. Made by \`${command}\`; do not edit.

| | |
| --- | --- |
| commit | ${commit} |
| taken | ${takenAt}, load of the machine before: ${loadBefore} |
| machine | ${machine} |
| Node | ${node} |
| settings | ${Object.entries(settings)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')} |

The service runs as \`fi-consult serve\`, with fsync; who follows and who writes are on the same machine, and share its
processors with the service.

## Idle

Each follows one consultation as server-sent events, and is sent nothing but heartbeats.

${table(
  ['follow', 'service, MiB', 'kernel, MiB'],
  idle.map(({ followers, anonymous, kernelSlab }) => [
    followers.toLocaleString('en-US'),
    anonymous.toFixed(0),
    kernelSlab.toFixed(0),
  ]),
)}

Each who follows costs the service **${idleKibibytes.service.toFixed(1)} KiB** (anonymous memory: the socket, the request and the answer
of Node and Fastify, and the place in the feed) and the kernel about **${idleKibibytes.kernel.toFixed(1)} KiB** (slabs, half of what both ends take;
other processes are in that figure too). At most \`subscribersMax\` of src/domain/limits.ts may follow.

## Active

All follow \`GET /events\`, so each is sent every event. Appends go at a fixed rate and are timed from when they were due, a delivery
from when the append was sent to when one who follows has read the event: five of them are timed. Medians over ${rounds.length} rounds; each
round has every number of followers once, and ratios are to none within the same round.

${table(
  [
    'follow',
    'deliveries/s',
    'delivery p50 / p99, ms',
    'append p50 / p99, ms',
    'ratio p50 / p99',
    'CPU ms an append',
  ],
  activeRows(rounds),
)}
`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
