/**
 * Events as CloudEvents 1.0 (https://github.com/cloudevents/spec, v1.0.2): in structured mode as JSON, and in binary
 * mode as the headers of an HTTP message whose body is the payload.
 */
import type { ConsultationEvent } from '../domain/event.js';

export const CLOUD_EVENT_TYPE = 'application/cloudevents+json';
export const CLOUD_EVENT_BATCH_TYPE = 'application/cloudevents-batch+json';

/** Digits of `sequence`, which the extension "sequence" wants to be in order as a text. */
const SEQUENCE_DIGITS = 16;

/** The attributes; `source` and `subject` together are the path of the event in this API. */
function attributesOf(event: ConsultationEvent): Record<string, string | number> {
  const { source, user_id, session_id, timezone } = event.metadata;
  return {
    specversion: '1.0',
    id: event.event_id,
    source: `/consultations/${event.consultation_id}`,
    type: `fi-consult.${event.event_type}`,
    subject: `events/${event.version}`,
    time: event.timestamp,
    datacontenttype: 'application/json',
    sequence: String(event.sequence).padStart(SEQUENCE_DIGITS, '0'),
    version: event.version,
    origin: source,
    userid: user_id,
    sessionid: session_id,
    timezone,
    audithash: event.audit_hash,
    hash: event.hash,
  };
}

/** An event's JSON text as that of a CloudEvent in structured mode. */
export function cloudEventJson(eventJson: string): string {
  const event = JSON.parse(eventJson) as ConsultationEvent;
  return JSON.stringify({ ...attributesOf(event), data: event.payload });
}

/**
 * An event in binary mode: the headers, and the payload as JSON. The body is bytes, because the framework adds to the
 * content type of a text, which here is an attribute of the event.
 */
export function binaryCloudEvent(eventJson: string): { headers: Record<string, string>; body: Buffer } {
  const event = JSON.parse(eventJson) as ConsultationEvent;
  const { datacontenttype, ...attributes } = attributesOf(event);
  const headers: Record<string, string> = { 'content-type': String(datacontenttype) };
  for (const [name, value] of Object.entries(attributes)) headers[`ce-${name}`] = headerValue(String(value));
  return { headers, body: Buffer.from(JSON.stringify(event.payload)) };
}

/** Percent-encodes what a header cannot carry: all but visible ASCII, and `"` and `%` (HTTP binding, 3.1.3.2). */
function headerValue(text: string): string {
  return text.replace(/[^\x21-\x7e]|["%]/gu, (character) =>
    [...Buffer.from(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
}
