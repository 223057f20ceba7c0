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
