/** The stages that the HTTP side of an append is timed by. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { StageTimers } from '../ops/stage-timers.js';

/** The request is read and valid. `elapsedTime` counts from the end of its headers. */
export function ingested(timers: StageTimers, reply: FastifyReply): void {
  timers.recordMs('ingest', reply.elapsedTime);
}

/**
 * A hook that times whole requests, until their answer was handed to the operating system. Refused ones do not
 * count: they cost less than what is measured and would flatter it.
 */
export function timesTotal(timers: StageTimers) {
  return (_request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    if (reply.statusCode < 400) timers.recordMs('total', reply.elapsedTime);
    done();
  };
}
