/** Reads the settings once, at start, from flags and the environment, and refuses all that is wrong at once. */
import { CodedError, type FieldError } from '../domain/errors.js';
import {
  flagOf,
  isLoopback,
  SETTING_KEYS,
  SETTINGS,
  type SettingRow,
  type Settings,
  type SettingTools,
} from './settings-table.js';

/** Where settings come from. A flag wins over the variable of the same name. */
export interface SettingSources extends SettingTools {
  /** Usually `process.env`. Only names that start with `FI_` are looked at. */
  env: Readonly<Record<string, string | undefined>>;
  /** The flags that were given, by setting: `{ dataDir: './data' }` for `--data-dir ./data`. */
  flags?: { readonly [K in keyof Settings]?: string | undefined };
}

/**
 * The checked settings, frozen.
 *
 * Throws INVALID_SETTINGS with one entry in `errors` for each unknown `FI_` name and each bad value: `path` is
 * the variable or the flag it came from, `message` says what is allowed. A value is never repeated.
 */
export function loadSettings({ env, flags = {}, parseCodec }: SettingSources): Readonly<Settings> {
  const errors = unknownNames(env);
  const read = <K extends keyof Settings>(key: K): Settings[K] => {
    const row: SettingRow<Settings[K]> = SETTINGS[key];
    const flag = flags[key];
    const path = flag === undefined ? row.name : flagOf(key);
    let message = `must be ${row.allowed}`;
    try {
      const value = row.read(flag ?? env[row.name] ?? row.defaultText, { parseCodec });
      if (value !== undefined) return value;
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      message = error.message;
    }
    errors.push({ path, message });
    // A wrong value is never used: the errors are thrown below.
    return undefined as never;
  };
  const settings: Settings = {
    host: read('host'),
    port: read('port'),
    dataDir: read('dataDir'),
    codec: read('codec'),
    segmentEvents: read('segmentEvents'),
    segmentBytes: read('segmentBytes'),
    segmentSeconds: read('segmentSeconds'),
    mirrorMs: read('mirrorMs'),
    durability: read('durability'),
    idempotencyHours: read('idempotencyHours'),
    allowedHosts: read('allowedHosts'),
    corsOrigins: read('corsOrigins'),
    queueEvents: read('queueEvents'),
    queueMs: read('queueMs'),
    logLevel: read('logLevel'),
    auth: read('auth'),
    jwtIssuer: read('jwtIssuer'),
    jwtAudience: read('jwtAudience'),
    jwtJwksFile: read('jwtJwksFile'),
    jwtSubjectClaim: read('jwtSubjectClaim'),
    jwtRoleClaim: read('jwtRoleClaim'),
    audit: read('audit'),
    socket: read('socket'),
    workers: read('workers'),
  };
  errors.push(...accessFaults(settings));
  if (errors.length > 0) throw refusal(errors);
  return Object.freeze(settings);
}

/** What does not go together. A setting that was wrong by itself is `undefined` here, and was reported. */
function accessFaults({ auth, host, ...settings }: Partial<Settings>): FieldError[] {
  const faults: FieldError[] = [];
  if (auth === 'off' && host !== undefined && !isLoopback(host)) {
    const message =
      'must be a loopback address (127.0.0.1, ::1 or localhost) while FI_AUTH=off lets everybody in: ' +
      'set FI_AUTH to keys or jwt to listen elsewhere';
    faults.push({ path: SETTINGS.host.name, message });
  }
  if (auth !== 'jwt') return faults;
  for (const key of ['jwtIssuer', 'jwtAudience', 'jwtJwksFile'] as const) {
    if (settings[key] !== '') continue;
    faults.push({ path: SETTINGS[key].name, message: 'must be given with FI_AUTH=jwt' });
  }
  return faults;
}

function unknownNames(env: SettingSources['env']): FieldError[] {
  const known = new Set(SETTING_KEYS.map((key) => SETTINGS[key].name));
  return Object.keys(env)
    .filter((name) => name.startsWith('FI_') && !known.has(name) && env[name] !== undefined)
    .sort()
    .map((path) => ({ path, message: `is not a setting; there are ${[...known].join(', ')}` }));
}

function refusal(errors: FieldError[]): CodedError {
  return new CodedError('INVALID_SETTINGS', 'The settings are not valid.', { errors });
}
