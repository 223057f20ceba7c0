/** `fi-consult verify`: every checksum, chain and root of a data directory, for reading only. */
import { type Command, InvalidArgumentError } from 'commander';
import { limits } from '../domain/limits.js';
import { loadSettings } from '../ops/settings.js';
import { parseCodec } from '../segments/codecs/codec-table.js';
import type { VerifySummary } from '../store/verify/verify-directory.js';
import type { Anchor, AuditAnchor, Damage } from '../store/verify/verify-report.js';
import type { CommandContext } from './command-context.js';
import { CommandError, oneLine } from './command-error.js';
import { startProgress } from './progress.js';

interface VerifyFlags {
  dataDir?: string;
  json?: boolean;
  expect: Anchor[];
  expectAudit: AuditAnchor[];
}

export function registerVerify(program: Command, context: CommandContext): void {
  program
    .command('verify')
    .description('checks every checksum, chain and root of a data directory, which a service may have open')
    .option('--data-dir <directory>', 'the data directory (default: as settings say)')
    .option('--json', 'answer with one JSON object')
    .option(
      '--expect <sequence:root>',
      'a root that was noted earlier and must be found again; may be given several times',
      anchors,
      [],
    )
    .option(
      '--expect-audit <number:hash>',
      'a head of the audit trail that was noted earlier; may be given several times',
      auditAnchors,
      [],
    )
    .addHelpText('after', '\nChanges nothing. Exit code 1, and a line for each damage, if there is any.')
    .action((flags: VerifyFlags) => verify(flags, context));
}

async function verify(flags: VerifyFlags, context: CommandContext): Promise<void> {
  context.letOthersGoFirst();
  const { dataDir: given, json = false, expect, expectAudit } = flags;
  const { dataDir } = loadSettings({ env: context.env, flags: { dataDir: given }, parseCodec });
  // Loaded late: help texts and other commands do without HDF5 and LMDB.
  const { holdsStore, verifyDirectory } = await import('../store/verify/verify-directory.js');
  if (!(await holdsStore(dataDir))) {
    throw new CommandError(`there is no store in ${oneLine(dataDir)}; name one with --data-dir`);
  }
  const startedMs = performance.now();
  const damages: Damage[] = [];
  const notes: string[] = [];
  const bytes = { done: 0, total: 0 };
  const progress = startProgress({
    command: 'fi-consult verify',
    stderr: context.stderr,
    total: () => bytes.total,
    done: () => bytes.done,
    text: () => `${megabytes(bytes.done)} of ${megabytes(bytes.total)} MB`,
  });
  let summary: VerifySummary;
  try {
    summary = await verifyDirectory({
      dataDir,
      expected: expect,
      expectedAudit: expectAudit,
      onDamage(damage) {
        if (!json) progress.aside(() => context.stdout.write(`${damageLine(damage)}\n`));
        else if (damages.length < limits.verifyListedDamagesMax) damages.push(damage);
      },
      onNote: (note) => notes.push(oneLine(note)),
      onProgress: (done, total) => Object.assign(bytes, { done, total }),
    });
  } finally {
    progress.stop();
  }
  const seconds = (performance.now() - startedMs) / 1000;
  if (json) context.stdout.write(`${JSON.stringify(jsonAnswer(summary, seconds, damages, notes))}\n`);
  else for (const note of notes) context.stderr.write(`fi-consult verify: note: ${note}\n`);
  const line = summaryLine(summary, seconds);
  if (summary.damageCount > 0) {
    const count = `${summary.damageCount} ${summary.damageCount === 1 ? 'damage' : 'damages'}`;
    throw new CommandError(`${count} found in ${line}; see docs/operating.md, "Damage"`);
  }
  if (!json) context.stdout.write(`${line}\n`);
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);

/** One damage as one line: where, as exactly as is known, and what. */
function damageLine({ file, offset, sequence, consultationId, what }: Damage): string {
  const place = [
    file,
    ...(offset === undefined ? [] : [`offset ${offset}`]),
    ...(sequence === undefined ? [] : [`event ${sequence}`]),
    ...(consultationId === undefined ? [] : [`consultation ${consultationId}`]),
  ];
  return oneLine(`${place.join(', ')}: ${what}`);
}

function summaryLine(summary: VerifySummary, seconds: number): string {
  const { segments, journals, events, consultations, bytes } = summary;
  return (
    `${segments} segments, ${journals} journals, ${events} events, ${consultations} consultations, ` +
    `${bytes} bytes, ${seconds.toFixed(1)} s, ${(bytes / 1e6 / seconds).toFixed(1)} MB/s, ` +
    `root ${anchorText(summary) ?? 'unknown'}${auditText(summary)}`
  );
}

/** Only where there is a trail: most stores have none. */
function auditText({ auditEntries, auditHead }: VerifySummary): string {
  if (auditEntries === 0) return '';
  const head = auditHead === undefined ? 'unknown' : `${auditHead.number}:${auditHead.hash}`;
  return `, ${auditEntries} audit entries, audit head ${head}`;
}

function anchorText({ headSequence, root }: VerifySummary): string | undefined {
  return root === undefined ? undefined : `${headSequence}:${root}`;
}

function jsonAnswer(summary: VerifySummary, seconds: number, damages: Damage[], notes: string[]): object {
  const { damageCount, segments, journals, events, consultations, bytes, auditHead } = summary;
  return {
    valid: damageCount === 0,
    segments,
    journals,
    events,
    consultations,
    bytes,
    seconds: Number(seconds.toFixed(3)),
    root: anchorText(summary) ?? null,
    audit_entries: summary.auditEntries,
    audit_head: auditHead === undefined ? null : `${auditHead.number}:${auditHead.hash}`,
    damage_count: damageCount,
    damages: damages.map(({ file, offset, sequence, consultationId, what }) => {
      return { file, offset, sequence, consultation_id: consultationId, what };
    }),
    notes,
  };
}

function anchors(text: string, before: Anchor[]): Anchor[] {
  const match = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text);
  if (match === null) throw new InvalidArgumentError('It must be SEQUENCE:ROOT, as "verify" prints it.');
  return [...before, { sequence: Number(match[1]), root: match[2] as string }];
}

function auditAnchors(text: string, before: AuditAnchor[]): AuditAnchor[] {
  const match = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text);
  if (match === null) throw new InvalidArgumentError('It must be NUMBER:HASH, as "verify" prints it.');
  return [...before, { number: Number(match[1]), hash: match[2] as string }];
}
