/** One line for a request that was slow, and for each at the level `debug`; the error handler writes the rest. */
import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import { limits } from '../domain/limits.js';
import type { Logger } from '../ops/logger.js';
import { STREAM_TYPES } from './stream-frames.js';

/** A hook for `onResponse`. */
export function logsSlowRequests(logger: Logger) {
  const slowLine = fewLines(logger);
  return (req: FastifyRequest, res: FastifyReply, done: () => void): void => {
    const durationMs = res.elapsedTime;
    if (durationMs > limits.slowRequestMs && !isStream(res)) slowLine({ req, res, durationMs });
    else if (logger.isLevelEnabled('debug')) logger.debug({ req, res, durationMs }, 'request');
    done();
  };
}

/** Writes no more lines a second than the limit: when all is slow, a line for each makes it slower. */
function fewLines(logger: Logger): (line: object) => void {
  let second = 0;
  let lines = 0;
  let omitted = 0;
  return (line) => {
    const thisSecond = Math.floor(performance.now() / 1000);
    if (thisSecond !== second) {
      if (omitted > 0) logger.warn({ omitted }, 'further requests were slow');
      [second, lines, omitted] = [thisSecond, 0, 0];
    }
    if (lines < limits.slowLinesMax) logger.warn(line, 'slow request');
    else omitted += 1;
    lines += 1;
  };
}

/** Who is sent events as they come decides alone how long that takes. */
function isStream({ raw }: FastifyReply): boolean {
  return STREAM_TYPES.includes(raw.getHeader('content-type'));
}

/**
 * Fastify's own lines, on our logger. Fastify itself gets none, because with one it makes a child of it for
 * each request; what is left of its lines are its failures to send an answer.
 */
export class FrameworkLog extends LogController {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    super({ disableRequestLogging: true });
    this.#logger = logger;
  }

  override streamError(err: Error, req: FastifyRequest): void {
    this.#logger.debug({ req, err }, 'answer cut short');
  }

  override writeHeadError(err: Error, req: FastifyRequest): void {
    this.#logger.error({ req, err }, 'answer not sent');
  }

  override serializerError(err: Error, req: FastifyRequest): void {
    this.#logger.error({ req, err }, 'answer not serialised');
  }
}
