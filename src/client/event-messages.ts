/** Reads server-sent events (https://html.spec.whatwg.org/#parsing-an-event-stream), as far as the service sends them. */

export interface EventMessage {
  /** A place to come back to. */
  id?: string;
  /** None for the events of consultations. */
  name?: string;
  data: string;
  /** How long to stay away, as said along with this. */
  retryMs?: number;
}

/** The messages of a stream, by its lines. One that was cut short is dropped. */
export async function* eventMessages(lines: AsyncIterable<string>): AsyncGenerator<EventMessage> {
  let message: EventMessage = { data: '' };
  for await (const line of lines) {
    if (line === '') {
      if (message.data !== '') yield message;
      message = { data: '' };
      continue;
    }
    const colon = line.indexOf(':');
    const field = line.slice(0, colon);
    const value = line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') message.data += message.data === '' ? value : `\n${value}`;
    else if (field === 'id') message.id = value;
    else if (field === 'event') message.name = value;
    else if (field === 'retry') message.retryMs = Number(value);
  }
}
