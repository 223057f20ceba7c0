/** The command as a whole, small, and that it fails where something was really lost. */
import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Life } from '../../../src/cli/torture/life.js';
import { killRound } from '../../../src/cli/torture/stop-rounds.js';
import { cli } from '../../support/cli.js';
import { startProgram } from '../../support/program.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { testTorture } from '../../support/torture.js';

describe('fi-consult torture', () => {
  it('runs one round of each kind, reports that nothing was lost, and leaves nothing behind', async (t) => {
    const directory = await temporaryDirectory(t);
    const scratch = join(directory, 'scratch');
    await mkdir(scratch);
    const output = join(directory, 'report.json');
    const run = startProgram(t, [
      ...['torture', '--minutes', '0.001', '--seed', '7', '--clients', '4'],
      ...['--scratch', scratch, '--output', output, '--json'],
    ]);
    const { exitCode, stdout, stderr } = await run.finished;
    assert.equal(exitCode, 0, `${stdout}${stderr}`);
    const report = JSON.parse(stdout) as Record<string, number | boolean | string | null | object>;
    assert.deepEqual(JSON.parse(await readFile(output, 'utf8')), report);
    const { passed, lost, crashes, restarts, flips, seed } = report;
    assert.deepEqual(
      { passed, lost, restarts, flips, seed },
      { passed: true, lost: 0, restarts: 1, flips: 2, seed: 7 },
    );
    assert.ok(Number(crashes) >= 1 && Number(report.events_acknowledged) > 1500);
    assert.ok((report.recovery_ms as { max: number }).max > 0);
    assert.ok((report.fsync_ms as { count: number }).count > 0);
    if (report.full_disk_skipped !== null) t.diagnostic(`no full disk: ${report.full_disk_skipped}`);
    else assert.ok(Number(report.full_disk_refusals) >= 50);
    assert.deepEqual(await readdir(scratch), []);
  });

  it('ends at once when it is stopped, with what it has until then, and leaves nothing behind', async (t) => {
    const scratch = await temporaryDirectory(t);
    const run = startProgram(t, ['torture', '--minutes', '60', '--scratch', scratch]);
    while ((await readdir(scratch)).length === 0) await new Promise((resolve) => setImmediate(resolve));
    run.child.kill('SIGINT');
    const { exitCode, stdout, stderr } = await run.finished;
    assert.equal(exitCode, 130, stderr);
    assert.match(stdout, /^events acknowledged +[\d,]+ /m);
    assert.match(stderr, /^fi-consult torture: stopped by SIGINT; until then nothing was lost\n$/);
    assert.deepEqual(await readdir(scratch), []);
  });

  it('finds that acknowledged events are gone', async (t) => {
    const torture = await testTorture(t);
    const dataDir = join(torture.scratch, 'data');
    const life = new Life(torture, dataDir);
    await killRound(life);
    const older = join(torture.scratch, 'older');
    await cp(dataDir, older, { recursive: true });
    const service = await life.start();
    const { ended } = life.play(service.url);
    await life.clinic.acknowledged.further(100);
    await life.kill(service);
    await ended;
    await rm(dataDir, { recursive: true });
    await cp(older, dataDir, { recursive: true });
    const rolledBack = await life.start();
    await life.checkTouched(rolledBack).catch(() => undefined);
    assert.ok(torture.findings.counts.lost >= 100, `${torture.findings.counts.lost} found as lost`);
  });

  it('refuses options that make no sense, and a directory that is not there', async () => {
    for (const args of [
      ['--minutes', '0'],
      ['--minutes', '1441'],
      ['--clients', '0'],
      ['--seed', '-1'],
    ]) {
      const { exitCode, stderr } = await cli(['torture', ...args]);
      assert.equal(exitCode, 2, stderr);
    }
    const { exitCode, stderr } = await cli(['torture', '--scratch', '/nowhere/at/all']);
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^fi-consult torture: \/nowhere\/at\/all: no directory can be made there \(ENOENT\)\n$/,
    );
  });
});
