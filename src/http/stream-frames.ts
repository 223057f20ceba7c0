/**
 * What is written to those who follow: server-sent events (https://html.spec.whatwg.org/#server-sent-events) or
 * NDJSON, of events as they are or as CloudEvents. A batch is encoded once for all who are given it.
 */
import type { CodedError } from '../domain/errors.js';
import type { FeedBatch } from '../domain/feed.js';
import { cloudEventJson } from './cloud-events.js';
import { problemAnswer } from './problem.js';

export const EVENT_STREAM_TYPE = 'text/event-stream';
export const NDJSON_TYPE = 'application/x-ndjson';
export const STREAM_TYPES: readonly unknown[] = [EVENT_STREAM_TYPE, NDJSON_TYPE];

/** How an event stands in a stream: as the API shows it elsewhere, or as a CloudEvent in structured mode. */
export type EventFormat = 'event' | 'cloudevents';

export interface Frames {
  readonly mediaType: typeof EVENT_STREAM_TYPE | typeof NDJSON_TYPE;
  /** What stands before the first event; `through` is the sequence that it comes after. */
  start(through: number): string;
  /** The same bytes again for the same batch. */
  batch(batch: FeedBatch): Buffer;
  /** Shows that the connection lives; empty if the form has nothing for it. */
  readonly heartbeat: string;
  /** The last words of a stream that ends for a reason; `undefined` if the form can only be cut short. */
  end(error: CodedError, retryMs: number): string | undefined;
}

/** After how long a client of server-sent events comes back by itself. */
const RETRY_MS = 2000;

function eventStream(eventText: (json: string) => string): Frames {
  return {
    mediaType: EVENT_STREAM_TYPE,
    start: (through) => `retry: ${RETRY_MS}\n${position(through)}`,
    batch: encodedOnce(({ events, through }) => {
      if (events.length === 0) return position(through);
      return events.map(({ sequence, json }) => `id: ${sequence}\ndata: ${eventText(json)}\n\n`).join('');
    }),
    heartbeat: ':\n\n',
    end(error, retryMs) {
      const name = error.code === 'SHUTTING_DOWN' ? 'bye' : 'problem';
      return `retry: ${retryMs}\nevent: ${name}\ndata: ${problemAnswer(error).body}\n\n`;
    },
  };
}

/** Says how far it was looked, so that a client comes back there although none of the events was for it. */
function position(through: number): string {
  return `event: position\nid: ${through}\ndata: {"through":${through}}\n\n`;
}

function lines(eventText: (json: string) => string): Frames {
  return {
    mediaType: NDJSON_TYPE,
    start: () => '',
    batch: encodedOnce(({ events }) => events.map(({ json }) => `${eventText(json)}\n`).join('')),
    heartbeat: '',
    end: () => undefined,
  };
}

function encodedOnce(encode: (batch: FeedBatch) => string): (batch: FeedBatch) => Buffer {
  const known = new WeakMap<FeedBatch, Buffer>();
  return (batch) => {
    const before = known.get(batch);
    if (before !== undefined) return before;
    const bytes = Buffer.from(encode(batch));
    known.set(batch, bytes);
    return bytes;
  };
}

const asItIs = (json: string): string => json;

export const FRAMES: {
  readonly [T in Frames['mediaType']]: { readonly [F in EventFormat]: Frames };
} = {
  [EVENT_STREAM_TYPE]: { event: eventStream(asItIs), cloudevents: eventStream(cloudEventJson) },
  [NDJSON_TYPE]: { event: lines(asItIs), cloudevents: lines(cloudEventJson) },
};
