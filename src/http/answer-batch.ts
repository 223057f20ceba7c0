/**
 * Answers that are ready in the same turn of the event loop, written to their sockets one right after the other.
 *
 * A group commit makes the answers of a whole block ready at once. Written each as soon as it is put together, every
 * one would wake a client that has dealt with the last one by then: on a busy machine, to wake somebody costs more than
 * all else that is done for an answer. Written back to back they wake him once, and he sends his next requests together
 * as well.
 */
import type { ServerResponse } from 'node:http';

/** Ends a response with its whole body, now. */
export type EndNow = (response: ServerResponse, body: string | Buffer) => void;

export class AnswerBatch {
  private responses: ServerResponse[] = [];
  private bodies: (string | Buffer)[] = [];

  constructor(private readonly endNow: EndNow) {}

  /** Ends a response once nothing else is left to do in this turn: before anything more is read. */
  add(response: ServerResponse, body: string | Buffer): void {
    if (this.responses.push(response) === 1) process.nextTick(this.flush);
    this.bodies.push(body);
  }

  private readonly flush = (): void => {
    const { responses, bodies } = this;
    this.responses = [];
    this.bodies = [];
    for (let index = 0; index < responses.length; index += 1) {
      this.endNow(responses[index] as ServerResponse, bodies[index] as string | Buffer);
    }
  };
}
