/** The stages that the HTTP side of an append is timed by. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { StageTimers } from '../ops/stage-timers.js';

/** The request is parsed and valid. What it waited before work on its body began is in `total`, and no part of this. */
export function ingested(timers: StageTimers, request: FastifyRequest): void {
  timers.record('ingest', request.begunMs);
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
