/** What the feed gives to those who follow it: plain data, the same objects for all who follow the same. */
import type { EventType } from './event-types.js';

/** A committed event. It is shared: never change it. */
export interface FeedEvent {
  readonly sequence: number;
  readonly version: number;
  readonly consultationId: string;
  readonly type: EventType;
  /** The event as the API shows it, as JSON text in one line. */
  readonly json: string;
}

/** The next events for somebody who follows. It is shared: never change it. */
export interface FeedBatch {
  /** In order of their sequences. None in a batch that only says how far it was looked. */
  readonly events: readonly FeedEvent[];
  /** Every event up to this sequence that is wanted was given, in this batch or before. Where to go on after. */
  readonly through: number;
}
