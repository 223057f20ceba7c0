/** What the routes are built with. */
import type { FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import type { Authenticator } from '../domain/access.js';
import type { ErrorCode } from '../domain/errors.js';
import type { Logger } from '../ops/logger.js';
import type { Metrics } from '../ops/metrics.js';
import type { StageTimers } from '../ops/stage-timers.js';
import type { EventStore } from '../store/event-store.js';
import type { Admission } from './admission/admission.js';
import type { OpenStreams } from './open-streams.js';

export interface AppContext {
  store: EventStore;
  admission: Admission;
  metrics: Metrics;
  timers: StageTimers;
  logger: Logger;
  /** None with FI_AUTH=off: then everybody may do everything. */
  authenticator?: Authenticator | undefined;
}

export interface RouteContext extends AppContext {
  /** The clients that are sent events as they come. */
  streams: OpenStreams;
}

/** Adds routes to the application. */
export type RouteModule = (app: FastifyInstance, context: RouteContext) => void;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The codes that a route answers with when it fails; from them the documentation lists its statuses. */
    problems?: readonly ErrorCode[];
    /**
     * The schema of an answer that is sent as JSON text. It is documentation: a serialiser made of it would
     * leave out what it does not list.
     */
    answer?: TSchema;
  }
}

/** Headers of answers with clinical data: no cache keeps them, and no browser guesses what they are. */
export const CLINICAL_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

export const JSON_MEDIA_TYPE = 'application/json; charset=utf-8';

/** What any route with a body may answer. */
export const BODY_PROBLEMS: readonly ErrorCode[] = [
  'INVALID_JSON',
  'DUPLICATE_KEY',
  'UNSAFE_NUMBER',
  'LONE_SURROGATE',
  'JSON_TOO_DEEP',
  'FORBIDDEN_KEY',
  'VALIDATION_FAILED',
  'BODY_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'UNSUPPORTED_CONTENT_CODING',
];

/** What any route that stores something may answer. */
export const STORE_PROBLEMS: readonly ErrorCode[] = [
  'OVERLOADED',
  'LOG_UNAVAILABLE',
  'SHUTTING_DOWN',
  'STORAGE_FULL',
  'STORE_UNREACHABLE',
  'OUTCOME_UNKNOWN',
];
