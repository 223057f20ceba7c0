/**
 * The one table of error answers: each code's status and title. docs/errors.md says how to solve each.
 *
 * The compiler refuses a code that is missing here, and a test one that is missing in the documentation.
 */
import type { ErrorCode } from '../domain/errors.js';

export interface ProblemKind {
  status: number;
  title: string;
  /** Seconds after which trying again is sensible; sent as `Retry-After`. */
  retryAfterSeconds?: number;
  /** A header that says the same as a member of the problem document. */
  header?: { name: string; member: string };
  /** Sent as `WWW-Authenticate` (RFC 9110, section 11.6.1; RFC 6750, section 3). */
  challenge?: string;
}

export const PROBLEMS: { readonly [C in ErrorCode]: ProblemKind } = {
  INVALID_JSON: { status: 422, title: 'The body is not JSON' },
  DUPLICATE_KEY: { status: 422, title: 'An object has a key twice' },
  UNSAFE_NUMBER: { status: 422, title: 'A number cannot be kept exactly' },
  LONE_SURROGATE: { status: 422, title: 'A text is not well-formed Unicode' },
  JSON_TOO_DEEP: { status: 422, title: 'The body is nested too deeply' },
  FORBIDDEN_KEY: { status: 422, title: 'An object has a key that is not allowed' },
  VALIDATION_FAILED: { status: 422, title: 'The request has fields that are not valid' },
  UNKNOWN_EVENT_TYPE: { status: 422, title: 'There is no such event type' },
  INVALID_CURSOR: { status: 422, title: 'The cursor does not belong to this list' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The body is not sent as JSON' },
  UNSUPPORTED_CONTENT_CODING: {
    status: 415,
    title: 'The body is compressed in a way that is not understood',
    header: { name: 'accept-encoding', member: 'accepted_codings' },
  },
  BAD_REQUEST: { status: 400, title: 'The request is malformed' },
  INVALID_IDEMPOTENCY_KEY: { status: 400, title: 'The Idempotency-Key is malformed' },
  ROUTE_NOT_FOUND: { status: 404, title: 'There is no such route' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The route does not have this method' },
  NOT_ACCEPTABLE: { status: 406, title: 'The route has no answer in a form that is accepted' },
  REQUEST_TIMEOUT: { status: 408, title: 'The request did not arrive in time' },
  HEADERS_TOO_LARGE: { status: 431, title: 'The headers are too large' },
  URL_TOO_LONG: { status: 414, title: 'The URL is too long' },
  MISDIRECTED_REQUEST: { status: 421, title: 'The host is not one of this service' },
  CREDENTIALS_MISSING: {
    status: 401,
    title: 'The request has no credentials',
    challenge: 'Bearer realm="fi-consult"',
  },
  CREDENTIALS_REFUSED: {
    status: 401,
    title: 'The credentials are not valid',
    challenge: 'Bearer realm="fi-consult", error="invalid_token"',
  },
  ROLE_NOT_ALLOWED: { status: 403, title: 'The role does not allow this' },
  CONSULTATION_NOT_YOURS: { status: 403, title: "The consultation is somebody else's" },
  USER_ID_NOT_YOURS: { status: 403, title: "The user_id is somebody else's" },
  CONSULTATION_NOT_FOUND: { status: 404, title: 'There is no such consultation' },
  VERSION_NOT_FOUND: { status: 404, title: 'The consultation has no such version' },
  CONSULTATION_ALREADY_STARTED: { status: 409, title: 'The consultation was started before' },
  CONSULTATION_COMMITTED: { status: 409, title: 'The consultation is committed' },
  UNKNOWN_MESSAGE: { status: 422, title: 'There is no such message' },
  COMMIT_HASH_MISMATCH: { status: 422, title: 'The commit hash is not that of the note' },
  WRONG_EXPECTED_VERSION: { status: 412, title: 'The consultation is at another version' },
  EVENT_ID_REUSED: { status: 422, title: 'The event id belongs to another event' },
  POSITION_AHEAD: { status: 409, title: 'The position is ahead of the newest event' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'The Idempotency-Key belongs to another request' },
  IMPORT_CONFLICT: { status: 409, title: 'The exported event does not go on from what is stored' },
  OVERLOADED: { status: 503, title: 'The service has too much to do', retryAfterSeconds: 1 },
  CLIENT_TOO_SLOW: { status: 408, title: 'The client reads too slowly' },
  AUDIT_UNAVAILABLE: { status: 503, title: 'Access cannot be recorded', retryAfterSeconds: 1 },
  STORAGE_FULL: { status: 507, title: 'The storage is full' },
  LOG_UNAVAILABLE: { status: 503, title: 'The log cannot be written', retryAfterSeconds: 5 },
  SHUTTING_DOWN: { status: 503, title: 'The service is stopping', retryAfterSeconds: 5 },
  NOT_READY: { status: 503, title: 'The service is not ready', retryAfterSeconds: 5 },
  STORE_UNREACHABLE: { status: 503, title: 'The store does not answer', retryAfterSeconds: 1 },
  OUTCOME_UNKNOWN: {
    status: 503,
    title: 'Whether it was stored is not known',
    retryAfterSeconds: 1,
  },
  INTERNAL_ERROR: { status: 500, title: 'The service failed' },
  DATA_DIR_LOCKED: { status: 500, title: 'The data directory has another owner' },
  DISK_FAILED: { status: 500, title: 'The disk cannot be read or written' },
  LOG_DAMAGED: { status: 500, title: 'The log is damaged' },
  ARCHIVE_DAMAGED: { status: 500, title: 'The archive is damaged' },
  UNSUPPORTED_FORMAT: { status: 500, title: 'The data have a format of another version' },
  AUDIT_DAMAGED: { status: 500, title: 'The audit trail is damaged' },
  CREDENTIAL_FILE_DAMAGED: { status: 500, title: 'A file of keys is damaged' },
  INVALID_SETTINGS: { status: 500, title: 'The settings are not valid' },
  CODEC_UNAVAILABLE: { status: 500, title: 'The codec is not available' },
  NATIVE_MODULE_MISSING: { status: 500, title: 'A native module is missing' },
  STORE_VERSION_DIFFERS: { status: 500, title: 'The store is of another version' },
};
