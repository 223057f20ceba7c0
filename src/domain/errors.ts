/**
 * Every error that the world can cause, by a stable code.
 *
 * The codes are part of the contract; how each is answered over HTTP is decided in src/http, and how a reader
 * solves it stands in docs/errors.md.
 */
export const ERROR_CODES = [
  // What a client sent.
  'INVALID_JSON',
  'DUPLICATE_KEY',
  'UNSAFE_NUMBER',
  'LONE_SURROGATE',
  'JSON_TOO_DEEP',
  'FORBIDDEN_KEY',
  'VALIDATION_FAILED',
  'UNKNOWN_EVENT_TYPE',
  'INVALID_CURSOR',
  'BODY_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'UNSUPPORTED_CONTENT_CODING',
  'BAD_REQUEST',
  'INVALID_IDEMPOTENCY_KEY',
  'ROUTE_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'NOT_ACCEPTABLE',
  'REQUEST_TIMEOUT',
  'HEADERS_TOO_LARGE',
  'URL_TOO_LONG',
  'MISDIRECTED_REQUEST',
  // Who may do what.
  'CREDENTIALS_MISSING',
  'CREDENTIALS_REFUSED',
  'ROLE_NOT_ALLOWED',
  'CONSULTATION_NOT_YOURS',
  'USER_ID_NOT_YOURS',
  // What the consultation does not allow.
  'CONSULTATION_NOT_FOUND',
  'VERSION_NOT_FOUND',
  'CONSULTATION_ALREADY_STARTED',
  'CONSULTATION_COMMITTED',
  'UNKNOWN_MESSAGE',
  'COMMIT_HASH_MISMATCH',
  'WRONG_EXPECTED_VERSION',
  'EVENT_ID_REUSED',
  'IDEMPOTENCY_KEY_REUSED',
  'POSITION_AHEAD',
  'IMPORT_CONFLICT',
  // What the service cannot do now.
  'OVERLOADED',
  'CLIENT_TOO_SLOW',
  'AUDIT_UNAVAILABLE',
  'STORAGE_FULL',
  'LOG_UNAVAILABLE',
  'SHUTTING_DOWN',
  'NOT_READY',
  'STORE_UNREACHABLE',
  'OUTCOME_UNKNOWN',
  'INTERNAL_ERROR',
  // What stops a start.
  'DATA_DIR_LOCKED',
  'DISK_FAILED',
  'LOG_DAMAGED',
  'ARCHIVE_DAMAGED',
  'UNSUPPORTED_FORMAT',
  'AUDIT_DAMAGED',
  'INVALID_SETTINGS',
  'CREDENTIAL_FILE_DAMAGED',
  'CODEC_UNAVAILABLE',
  'NATIVE_MODULE_MISSING',
  'STORE_VERSION_DIFFERS',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** A field at fault. `path` is a JSON Pointer (RFC 6901) into what was sent. */
export interface FieldError {
  path: string;
  message: string;
}

/** An error with a stable code. `message` is safe to show: it never holds a payload or a path of the machine. */
export class CodedError extends Error {
  override readonly name = 'CodedError';
  readonly errors: FieldError[] | undefined;
  /** Further members of the problem document, such as the version a consultation is at. */
  readonly extensions: Readonly<Record<string, string | number>> | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: {
      cause?: unknown;
      errors?: FieldError[];
      extensions?: Readonly<Record<string, string | number>>;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.errors = options.errors;
    this.extensions = options.extensions;
  }
}

/** A broken promise of our own code: never caught and answered, always a stop. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
