/**
 * The settings of the service: names, defaults, what is allowed, and how a text becomes a value.
 *
 * Validation, the help text and the table of docs/operating.md all come from this one table.
 */
import { isIP, isIPv4 } from 'node:net';
import { limits } from '../domain/limits.js';

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** Checked settings. Sizes are in bytes, times in the unit of the name. */
export interface Settings {
  host: string;
  port: number;
  dataDir: string;
  /** The name of a codec, as written; `parseCodec` accepted it. */
  codec: string;
  segmentEvents: number;
  segmentBytes: number;
  segmentSeconds: number;
  mirrorMs: number;
  durability: 'fsync' | 'os';
  idempotencyHours: number;
  /** Names that the service may be asked for under, in lower case. */
  allowedHosts: readonly string[];
  /** Origins whose pages may read answers. */
  corsOrigins: readonly string[];
  queueEvents: number;
  queueMs: number;
  logLevel: LogLevel;
  auth: 'off' | 'keys' | 'jwt';
  /** The issuer and the audience that tokens must have, and the file of the issuer's keys; empty if not given. */
  jwtIssuer: string;
  jwtAudience: string;
  jwtJwksFile: string;
  jwtSubjectClaim: string;
  jwtRoleClaim: string;
  audit: 'auto' | 'on';
  /** The path of the store's socket; empty for the one in the data directory. */
  socket: string;
  /** How many API workers there are to be; 0 for as many as suit the machine. */
  workers: number;
}

/** What a setting's text is judged with. `parseCodec` throws on a codec that is not known. */
export interface SettingTools {
  parseCodec: (text: string) => unknown;
}

export interface SettingRow<T> {
  /** The environment variable. */
  readonly name: string;
  readonly defaultText: string;
  /** Completes the sentence "must be ...". */
  readonly allowed: string;
  readonly description: string;
  /** The value of a text; `undefined`, or an error that says more, if it is not allowed. */
  readonly read: (text: string, tools: SettingTools) => T | undefined;
}

const DECIMAL = /^(0|[1-9][0-9]{0,14})$/;

function integer(min: number, max: number): Pick<SettingRow<number>, 'allowed' | 'read'> {
  return {
    allowed: `an integer from ${min} to ${max}`,
    read: (text) => {
      const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    },
  };
}

function oneOf<T extends string>(...values: readonly T[]): Pick<SettingRow<T>, 'allowed' | 'read'> {
  return { allowed: `one of ${values.join(', ')}`, read: (text) => values.find((value) => value === text) };
}

/** A list of texts, each of which `readItem` accepts. */
function listOf(
  what: string,
  readItem: (text: string) => string | undefined,
): Pick<SettingRow<readonly string[]>, 'allowed' | 'read'> {
  return {
    allowed: `none, or ${what}, separated by commas`,
    read: (text) => {
      if (text === 'none') return [];
      const items = text.split(',').map((item) => readItem(item.trim()));
      return items.every((item) => item !== undefined) ? items : undefined;
    },
  };
}

function hostName(text: string): string | undefined {
  return /^[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?$/i.test(text) ? text.toLowerCase() : undefined;
}

/** An origin as a browser writes it: no path, no default port. The wildcard and "null" are none. */
function httpOrigin(text: string): string | undefined {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text ? text : undefined;
}
/** A text that may be left out. */
function optionalText(allowed: string): Pick<SettingRow<string>, 'allowed' | 'read' | 'defaultText'> {
  return {
    defaultText: '',
    allowed,
    read: (text) => (text.length <= 1024 && !/\p{Cc}/u.test(text) ? text : undefined),
  };
}

function claimName(defaultText: string): Pick<SettingRow<string>, 'allowed' | 'read' | 'defaultText'> {
  return {
    defaultText,
    allowed: 'the name of a claim, of 1 to 256 characters',
    read: (text) => (/^[^\p{Cc}]{1,256}$/u.test(text) ? text : undefined),
  };
}

/** Whether a host can only be reached from this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

export const SETTINGS: { readonly [K in keyof Settings]: SettingRow<Settings[K]> } = {
  host: {
    name: 'FI_HOST',
    defaultText: '127.0.0.1',
    allowed:
      'an address or name of this machine; with `FI_AUTH=off` a loopback address (127.0.0.1, ::1 or localhost)',
    description: 'The address to listen on.',
    read: (text) => (isIP(text) > 0 || hostName(text) !== undefined ? text : undefined),
  },
  port: {
    name: 'FI_PORT',
    defaultText: '7001',
    description: 'The TCP port to listen on; 0 takes any free one.',
    ...integer(0, 65_535),
  },
  dataDir: {
    name: 'FI_DATA_DIR',
    defaultText: './data',
    allowed: 'the path of a directory on a local disk',
    description: 'Where everything is stored. One process owns it at a time.',
    read: (text) => (text === '' || text.includes('\0') ? undefined : text),
  },
  codec: {
    name: 'FI_CODEC',
    defaultText: 'gzip:6',
    allowed: 'a codec of docs/codecs.md',
    description: 'The codec of sealed segments.',
    read: readCodec,
  },
  segmentEvents: {
    name: 'FI_SEGMENT_EVENTS',
    defaultText: '65536',
    description: 'A segment is sealed when it holds this many events.',
    ...integer(1, 16_777_216),
  },
  segmentBytes: {
    name: 'FI_SEGMENT_BYTES',
    defaultText: '67108864',
    description: 'A segment is sealed when its events take this many bytes.',
    ...integer(1024, 1_073_741_824),
  },
  segmentSeconds: {
    name: 'FI_SEGMENT_SECONDS',
    defaultText: '86400',
    description: 'A segment is sealed when its first event is this many seconds old.',
    ...integer(1, 31_536_000),
  },
  mirrorMs: {
    name: 'FI_MIRROR_MS',
    defaultText: '1000',
    description: 'A committed event is visible in the live HDF5 file within this many milliseconds.',
    ...integer(10, 60_000),
  },
  durability: {
    name: 'FI_DURABILITY',
    defaultText: 'fsync',
    description:
      'What an answer waits for: `fsync` for stable storage, `os` for the write only, which a power cut may lose.',
    ...oneOf('fsync', 'os'),
  },
  allowedHosts: {
    name: 'FI_ALLOWED_HOSTS',
    defaultText: 'none',
    description:
      'Names in the `Host` header of requests that are answered, beside addresses and `localhost`: ' +
      'those that a proxy in front passes on.',
    ...listOf('host names without ports, such as consult.clinic.example', hostName),
  },
  corsOrigins: {
    name: 'FI_CORS_ORIGINS',
    defaultText: 'none',
    description: 'Origins whose pages may read answers in a browser.',
    ...listOf('exact origins, such as https://clinic.example', httpOrigin),
  },
  queueEvents: {
    name: 'FI_QUEUE_EVENTS',
    defaultText: '4096',
    description:
      'Requests that wait and events that wait for the log, together; past three quarters of it only critical ones are taken, past it none.',
    ...integer(limits.queueEventsMin, limits.queueEventsMax),
  },
  queueMs: {
    name: 'FI_QUEUE_MS',
    defaultText: '2000',
    description:
      'How many milliseconds a request may wait before it is worked on: a twentieth of it while more comes than can be done, four times as long for a critical one.',
    ...integer(limits.queueMsMin, limits.queueMsMax),
  },
  idempotencyHours: {
    name: 'FI_IDEMPOTENCY_HOURS',
    defaultText: String(limits.idempotencyHoursDefault),
    description: 'How long an `Idempotency-Key` is known, in hours.',
    ...integer(1, limits.idempotencyHoursMax),
  },
  logLevel: {
    name: 'FI_LOG_LEVEL',
    defaultText: 'info',
    description: 'The least severe log lines that are written; `debug` has one line a request.',
    ...oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  },
  auth: {
    name: 'FI_AUTH',
    defaultText: 'off',
    description:
      'Who is let in (docs/security.md): `off` everybody, on loopback only; `keys` holders of API keys; `jwt` holders of tokens.',
    ...oneOf('off', 'keys', 'jwt'),
  },
  jwtIssuer: {
    name: 'FI_JWT_ISSUER',
    description: 'The issuer (`iss`) that tokens must have; required for `FI_AUTH=jwt`.',
    ...optionalText('the text of the claim'),
  },
  jwtAudience: {
    name: 'FI_JWT_AUDIENCE',
    description: 'The audience (`aud`) that tokens must be for; required for `FI_AUTH=jwt`.',
    ...optionalText('the text of the claim'),
  },
  jwtJwksFile: {
    name: 'FI_JWT_JWKS_FILE',
    description: 'The public keys of the issuer; required for `FI_AUTH=jwt`. Read again when it changes.',
    ...optionalText('the path of a JSON Web Key Set'),
  },
  jwtSubjectClaim: {
    name: 'FI_JWT_SUBJECT_CLAIM',
    description: 'The claim of a token that says who its holder is.',
    ...claimName('sub'),
  },
  jwtRoleClaim: {
    name: 'FI_JWT_ROLE_CLAIM',
    description: 'The claim of a token that has the role, as a text or in a list.',
    ...claimName('role'),
  },
  audit: {
    name: 'FI_AUDIT',
    defaultText: 'auto',
    description: 'Whether access to consultations is recorded: `auto` unless `FI_AUTH=off`, `on` always.',
    ...oneOf('auto', 'on'),
  },
  socket: {
    name: 'FI_SOCKET',
    description:
      'Where `fi-consult store` listens for its API workers; `store.sock` in the data directory if not given. Not used by one process alone.',
    ...optionalText(`the path of a Unix socket, of at most ${limits.socketPathBytesMax} bytes`),
  },
  workers: {
    name: 'FI_WORKERS',
    defaultText: 'auto',
    allowed: `auto, or an integer from 1 to ${limits.workersMax}`,
    description:
      'How many API workers `pm2.config.cjs` starts; `auto`: one for each core but one, from 1 to 4. Not used by one process alone.',
    read: (text, tools) => (text === 'auto' ? 0 : integer(1, limits.workersMax).read(text, tools)),
  },
};

/** What `parseCodec` throws says which codecs there are. */
function readCodec(text: string, tools: SettingTools): string {
  tools.parseCodec(text);
  return text;
}

export const SETTING_KEYS = Object.keys(SETTINGS) as (keyof Settings)[];

/** The command line flag of a setting: `FI_DATA_DIR` is `--data-dir`. */
export function flagOf(key: keyof Settings): string {
  return `--${SETTINGS[key].name.slice('FI_'.length).toLowerCase().replaceAll('_', '-')}`;
}

/** The settings as lines of a help text. */
export function settingsHelp(): string {
  return SETTING_KEYS.map((key) => {
    const { name, defaultText, allowed, description } = SETTINGS[key];
    return `${name}, ${flagOf(key)} (default ${defaultText || 'none'})\n    ${description}\n    Must be ${allowed}.`;
  }).join('\n');
}

/** The settings as the table of docs/operating.md. */
export function settingsMarkdown(): string {
  const rows = SETTING_KEYS.map((key) => {
    const { name, defaultText, allowed, description } = SETTINGS[key];
    return `| \`${name}\` | \`${flagOf(key)}\` | ${defaultText && `\`${defaultText}\``} | ${allowed} | ${description} |`;
  });
  return ['| name | flag | default | must be | |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}
