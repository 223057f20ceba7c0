/** How busy the store is, as plain numbers: what admission decides by, and what the figures show. */

/** What was accepted and is not done with. */
export interface Load {
  /** Events that wait for stable storage, and the bytes of their links. */
  events: number;
  bytes: number;
  /** How long the oldest of them has waited. */
  ageMs: number;
  /** Durable events that the index has not taken in yet, and how many there may be. */
  unindexed: number;
  unindexedMax: number;
}

/** The queue in front of the log: what waits there and in the log, what may, and what became of the rest. */
export interface QueueFigures {
  events: number;
  eventsMax: number;
  bytes: number;
  bytesMax: number;
  /** How long the oldest has waited. */
  ageMs: number;
  /** Requests since the process started, by priority. What is neither accepted nor dropped waits. */
  received: Readonly<Record<string, number>>;
  accepted: Readonly<Record<string, number>>;
  /** By priority, and by why: `full` or `late`. */
  dropped: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const NONE = { critical: 0, routine: 0 } as const;
const NONE_DROPPED = { full: 0, late: 0, gone: 0 } as const;

/** Of a process that has no such queue. */
export const NO_QUEUE: QueueFigures = {
  events: 0,
  eventsMax: 0,
  bytes: 0,
  bytesMax: 0,
  ageMs: 0,
  received: NONE,
  accepted: NONE,
  dropped: { critical: NONE_DROPPED, routine: NONE_DROPPED },
};

/** The queues of several processes as one. */
export function joinedQueues(queues: readonly QueueFigures[]): QueueFigures {
  const sum = (value: (queue: QueueFigures) => number): number =>
    queues.reduce((total, queue) => total + value(queue), 0);
  const sums = (
    record: (queue: QueueFigures) => Readonly<Record<string, number>>,
  ): Record<string, number> => {
    const names = new Set(queues.flatMap((queue) => Object.keys(record(queue))));
    return Object.fromEntries([...names].map((name) => [name, sum((queue) => record(queue)[name] ?? 0)]));
  };
  const priorities = [...new Set(queues.flatMap(({ dropped }) => Object.keys(dropped)))];
  return {
    events: sum(({ events }) => events),
    eventsMax: sum(({ eventsMax }) => eventsMax),
    bytes: sum(({ bytes }) => bytes),
    bytesMax: sum(({ bytesMax }) => bytesMax),
    ageMs: Math.max(0, ...queues.map(({ ageMs }) => ageMs)),
    received: sums(({ received }) => received),
    accepted: sums(({ accepted }) => accepted),
    dropped: Object.fromEntries(
      priorities.map((priority) => [priority, sums(({ dropped }) => dropped[priority] ?? {})]),
    ),
  };
}
