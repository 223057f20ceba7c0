/** Reads server-sent events with the parser of the package `eventsource`, which we did not write. */
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { createParser, type EventSourceMessage } from 'eventsource-parser';

export interface EventStreamReader {
  readonly response: IncomingMessage;
  /** The comments that came, such as heartbeats. */
  readonly comments: string[];
  /** The next event, of whatever name; `undefined` when the stream has ended. */
  next(): Promise<EventSourceMessage | undefined>;
  /** The next event without a name, which is one of ours; the others are passed over. */
  nextMessage(): Promise<{ id: number; data: string }>;
  /** The next comment. */
  nextComment(): Promise<string>;
  close(): void;
}

/** Opens a stream; rejects with the answer's text when it is refused. */
export async function openEventStream(
  url: string,
  headers: Record<string, string> = {},
): Promise<EventStreamReader> {
  const sent: ClientRequest = request(url, { headers: { accept: 'text/event-stream', ...headers } });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.setEncoding('utf8');
  if (response.statusCode !== 200) {
    const parts = await response.toArray();
    throw new Error(`${response.statusCode} ${parts.join('')}`);
  }
  const events: EventSourceMessage[] = [];
  const comments: string[] = [];
  let isEnded = false;
  let wake: () => void = () => {};
  const parser = createParser({
    onEvent: (event) => events.push(event),
    onComment: (comment) => comments.push(comment),
  });
  response.on('data', (text) => {
    parser.feed(text);
    wake();
  });
  response.on('error', () => {});
  response.on('close', () => {
    isEnded = true;
    wake();
  });
  const news = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });
  async function next(): Promise<EventSourceMessage | undefined> {
    while (events.length === 0 && !isEnded) await news();
    return events.shift();
  }
  return {
    response,
    comments,
    next,
    async nextMessage() {
      for (;;) {
        const event = await next();
        if (event === undefined) throw new Error('the stream ended');
        if (event.event === undefined) return { id: Number(event.id), data: event.data };
      }
    },
    async nextComment() {
      while (comments.length === 0 && !isEnded) await news();
      const comment = comments.shift();
      if (comment === undefined) throw new Error('the stream ended');
      return comment;
    },
    close: () => sent.destroy(),
  };
}
