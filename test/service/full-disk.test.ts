/** A disk that is really full, under the real service. Needs the right to mount a file system in a namespace. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fullDiskRound } from '../../src/cli/torture/full-disk-round.js';
import { testTorture } from '../support/torture.js';

describe('on a full disk', () => {
  it('the service refuses appends with 507, answers reads, loses nothing, and goes on once there is room', async (t) => {
    const torture = await testTorture(t);
    // The seed decides otherwise whether it is killed while the disk is full; here it has to go on by itself.
    torture.random = () => 0.9;
    await fullDiskRound(torture);
    const { figures, findings } = torture;
    if (figures.fullDiskSkipped !== undefined) {
      t.skip(figures.fullDiskSkipped);
      return;
    }
    assert.deepEqual(findings.texts, []);
    assert.ok(figures.fullRefusals >= 50);
    assert.equal(figures.resumedMs.length, 1);
  });

  it('the service may be killed while it is full, and recovers once there is room', async (t) => {
    const torture = await testTorture(t);
    torture.random = () => 0.1;
    await fullDiskRound(torture);
    if (torture.figures.fullDiskSkipped !== undefined) {
      t.skip(torture.figures.fullDiskSkipped);
      return;
    }
    assert.deepEqual(torture.findings.texts, []);
    assert.equal(torture.figures.kills, 1);
    assert.equal(torture.figures.recoveryMs.length, 1);
  });
});
