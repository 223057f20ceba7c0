/** The live feed: every event once and in order, over as many connections as it takes. */
import { ConsultError, problemError } from './consult-error.js';
import { Deadline } from './deadline.js';
import { type EventMessage, eventMessages } from './event-messages.js';
import { backoffMs, pause } from './pause.js';
import { textLines } from './text-lines.js';
import { type CallOptions, knownError, type RequestOptions, type Transport } from './transport.js';
import type { ConsultationEvent, EventType, JsonObject } from './types.js';

/** Of one consultation, from a version on; or of all, from a sequence on, or `next` for what is new. */
export type FollowOptions = CallOptions & { eventTypes?: readonly EventType[] } & (
    | { consultationId: string; fromVersion?: number }
    | { consultationId?: undefined; from?: number | 'next' }
  );

/** The service sends something every 15 seconds: a connection that is silent for longer than this is dead. */
const SILENCE_MS_MAX = 45_000;

/**
 * Gives events until it is left, or aborted with the signal's reason. It comes back by itself when the connection or
 * the service is gone, as often as needed, after waits of at most 10 s or as long as the service asks. Throws what
 * will not pass, such as CONSULTATION_NOT_FOUND.
 */
export async function* follow(
  transport: Transport,
  options: FollowOptions,
): AsyncGenerator<ConsultationEvent, never, undefined> {
  const { signal } = options;
  let lastId: string | undefined;
  let lastSequence = 0;
  let failures = 0;
  for (;;) {
    let stayAwayMs = 0;
    try {
      for await (const message of connection(
        transport,
        requestOf(options, lastId),
        pathOf(options),
        signal,
      )) {
        stayAwayMs = message.name === undefined ? 0 : (message.retryMs ?? 0);
        if (message.name === 'problem' || message.name === 'bye') {
          throw problemError(JSON.parse(message.data) as JsonObject);
        }
        lastId = message.id ?? lastId;
        stayAwayMs = 0;
        if (message.name !== undefined) continue;
        const event = JSON.parse(message.data) as ConsultationEvent;
        if (event.sequence <= lastSequence) continue;
        lastSequence = event.sequence;
        failures = 0;
        yield event;
      }
      throw new ConsultError('NETWORK_FAILED', 0, 'The stream ended.');
    } catch (error) {
      const known = knownError(error, signal);
      if (!known.isTransient) throw known;
      failures += 1;
      const atLeastMs = Math.max(stayAwayMs, (known.retryAfterSeconds ?? 0) * 1000);
      await pause(backoffMs(failures, atLeastMs), signal);
    }
  }
}

/** What one connection brings. */
async function* connection(
  transport: Transport,
  request: RequestOptions,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<EventMessage> {
  const deadline = new Deadline(signal);
  try {
    const { body } = await deadline.within(transport.timeoutMs, () => {
      return transport.open(path, { ...request, signal: deadline.signal });
    });
    if (body === null) return;
    yield* eventMessages(textLines(body, (next) => deadline.within(SILENCE_MS_MAX, next)));
  } finally {
    deadline.close();
  }
}

function pathOf({ consultationId }: FollowOptions): string {
  return consultationId === undefined
    ? '/events'
    : `/consultations/${encodeURIComponent(consultationId)}/events`;
}

/** The id of the last message says more than where it all began. */
function requestOf(options: FollowOptions, lastId: string | undefined): RequestOptions {
  const start =
    options.consultationId === undefined ? { from: options.from } : { from_version: options.fromVersion };
  return {
    query: { ...start, event_type: options.eventTypes ?? [] },
    headers: { accept: 'text/event-stream', 'last-event-id': lastId },
  };
}
