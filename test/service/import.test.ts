/** The import as its user runs it: into a running service and into a directory, once and again. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { importPlan } from '../../src/cli/import-plan.js';
import type { ConsultationState } from '../../src/domain/consultation-state.js';
import type { ConsultationTranscript } from '../../src/domain/consultation-transcript.js';
import { syntheticConsultations } from '../../src/domain/synthetic-consultations.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { getJson } from './over-http.js';
import { runningService } from './running-service.js';

const PROGRAM = fileURLToPath(new URL('../../src/cli/fi-consult.js', import.meta.url));
const REAL_DATA = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));

async function runImport(...args: string[]): Promise<{ written: number; present: number }> {
  const env = { PATH: process.env.PATH };
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, 'import', ...args], { env });
  const [, written, present] = /(\d+) events written, (\d+) already there/.exec(stdout) ?? [];
  return { written: Number(written), present: Number(present) };
}

/** Every message and the note of each line are what the service has. */
async function checkAgainst(url: string, lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    const transcript = JSON.parse(line) as ConsultationTranscript;
    const plan = importPlan(Buffer.from(line));
    assert.ok(plan);
    const { consultation } = await getJson<{ consultation: ConsultationState }>(
      url,
      `/consultations/${plan.consultationId}`,
    );
    assert.deepEqual(
      consultation.messages.map(({ content }) => content),
      transcript.messages.map(({ text }) => text).filter((text) => text !== ''),
    );
    assert.deepEqual(
      consultation.soap_note,
      transcript.note === undefined ? null : { note: transcript.note },
    );
  }
}

async function importsTwice(
  t: Parameters<typeof temporaryDirectory>[0] & object,
  files: string[],
): Promise<void> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  const lines = texts.flatMap((text) => text.split('\n').filter((line) => line !== ''));
  const { directory, service: first } = await runningService(t);
  const once = await runImport(...files, '--url', first.url);
  assert.equal(once.present, 0);
  assert.deepEqual(await runImport(...files, '--url', first.url), { written: 0, present: once.written });
  await checkAgainst(first.url, lines);
  await first.end('SIGTERM');
  assert.deepEqual(await runImport(...files, '--data-dir', directory), { written: 0, present: once.written });
}

describe('fi-consult import', () => {
  it('writes synthetic consultations into a running service, once', async (t) => {
    const file = join(await temporaryDirectory(t), 'synthetic.ndjson');
    const transcripts = [...syntheticConsultations({ seed: 3, count: 30, language: 'mixed' })];
    await writeFile(file, transcripts.map((one) => `${JSON.stringify(one)}\n`).join(''));
    await importsTwice(t, [file]);
  });

  const skip = !existsSync(REAL_DATA) && 'there are no recorded consultations beside the repository';
  it('writes recorded consultations into a running service, once', { skip }, async (t) => {
    await importsTwice(t, [join(REAL_DATA, 'primock57.ndjson')]);
  });
});
