/** `fi-consult keys`: makes, lists and revokes the API keys of a data directory, also beside a running service. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { isSubject, type KeyRecord, readKeyFile, updateKeyFile } from '../access/key-file.js';
import { keyText, newKey, secretHash } from '../access/key-secret.js';
import { ROLES, type Role } from '../domain/access.js';
import { nodeDisk } from '../ops/disk.js';
import type { CommandContext } from './command-context.js';
import { CommandError, oneLine } from './command-error.js';
import { dataDirOf } from './read-directory.js';
import { textTable } from './text-table.js';

interface DirectoryFlags {
  dataDir?: string;
}

interface AddFlags extends DirectoryFlags {
  subject: string;
  role: Role;
  expiresDays?: number;
}

const DATA_DIR = [
  '--data-dir <directory>',
  'the data directory of the service (default: as settings say)',
] as const;
const DAY_MS = 86_400_000;

export function registerKeys(program: Command, context: CommandContext): void {
  const keys = program
    .command('keys')
    .description(
      'makes, lists and revokes the API keys that FI_AUTH=keys lets in; a running service follows',
    );
  keys
    .command('add')
    .description('makes a key and shows it, this once')
    .requiredOption(
      '--subject <name>',
      'who will hold it; for a clinician, the user_id of what they write',
      subject,
    )
    .addOption(new Option('--role <role>', 'what it allows').choices(ROLES).makeOptionMandatory())
    .option('--expires-days <number>', 'it holds for this many days (default: until it is revoked)', days)
    .option(...DATA_DIR)
    .action((flags: AddFlags) => add(flags, context));
  keys
    .command('list')
    .description('shows every key there is or was, without its secret')
    .option('--json', 'answer with a JSON array')
    .option(...DATA_DIR)
    .action((flags: DirectoryFlags & { json?: boolean }) => list(flags, context));
  keys
    .command('revoke')
    .description('ends a key; the service refuses it within a second')
    .argument('<id>', 'the id of the key, as "keys list" shows it')
    .option(...DATA_DIR)
    .action((id: string, flags: DirectoryFlags) => revoke(id, flags, context));
}

async function add(
  { subject, role, expiresDays, dataDir }: AddFlags,
  context: CommandContext,
): Promise<void> {
  const parts = newKey();
  const now = Date.now();
  const key: KeyRecord = {
    id: parts.id,
    subject,
    role,
    secret_sha256: secretHash(parts.secret).toString('hex'),
    created_at: new Date(now).toISOString(),
    expires_at: expiresDays === undefined ? null : new Date(now + expiresDays * DAY_MS).toISOString(),
    revoked_at: null,
  };
  await updateKeyFile(nodeDisk, dataDirOf(dataDir, context), (before) => {
    return { keys: [...before, key], result: undefined };
  });
  context.stdout.write(`${keyText(parts)}\n`);
  context.stderr.write('fi-consult keys: this is the only time that the key is shown\n');
}

async function list(
  { dataDir, json = false }: DirectoryFlags & { json?: boolean },
  context: CommandContext,
): Promise<void> {
  const keys = await readKeyFile(nodeDisk, dataDirOf(dataDir, context));
  const now = Date.now();
  const shown = keys.map(({ secret_sha256: _, ...key }) => ({ ...key, state: stateOf(key, now) }));
  if (json) {
    context.stdout.write(`${JSON.stringify(shown)}\n`);
    return;
  }
  const rows = shown.map(({ id, subject, role, created_at, expires_at, state }) => {
    return [id, subject, role, created_at, expires_at ?? '', state];
  });
  const head = ['key', 'subject', 'role', 'created', 'expires', 'state'];
  context.stdout.write(textTable(head, rows, [1, 2, 3, 4, 5]));
}

async function revoke(id: string, { dataDir }: DirectoryFlags, context: CommandContext): Promise<void> {
  const revoked_at = new Date().toISOString();
  await updateKeyFile(nodeDisk, dataDirOf(dataDir, context), (before) => {
    const key = before.find((one) => one.id === id);
    if (key === undefined)
      throw new CommandError(`there is no key ${oneLine(id)}; "keys list" shows those there are`);
    if (key.revoked_at !== null) throw new CommandError(`the key was revoked before, at ${key.revoked_at}`);
    return { keys: before.map((one) => (one === key ? { ...key, revoked_at } : one)), result: undefined };
  });
  context.stdout.write(`revoked ${id}\n`);
}

function stateOf(
  { expires_at, revoked_at }: Pick<KeyRecord, 'expires_at' | 'revoked_at'>,
  nowMs: number,
): string {
  if (revoked_at !== null) return `revoked ${revoked_at}`;
  return expires_at !== null && Date.parse(expires_at) <= nowMs ? 'expired' : 'valid';
}

function subject(text: string): string {
  if (isSubject(text)) return text;
  throw new InvalidArgumentError('It must be a text of 1 to 128 characters without control characters.');
}

function days(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1 to 99999.');
}
