/** What every commit log must do; run on each implementation of the port. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SequencedLink } from '../../src/domain/stored-event.js';
import type { CommitLog } from '../../src/log/commit-log.js';
import { ChainedLinks } from '../support/chained-links.js';

export interface ContractSubject {
  log: CommitLog;
  /** Lets go of everything the subject has. */
  dispose(): Promise<void>;
}

async function all(batches: AsyncIterable<SequencedLink[]>): Promise<SequencedLink[]> {
  const links: SequencedLink[] = [];
  for await (const batch of batches) links.push(...batch);
  return links;
}

export function commitLogContract(name: string, open: () => Promise<ContractSubject>): void {
  describe(`${name} as a commit log`, () => {
    const withLog = (behaviour: (log: CommitLog, links: ChainedLinks) => Promise<void>) => async () => {
      const subject = await open();
      try {
        await behaviour(subject.log, new ChainedLinks());
      } finally {
        await subject.dispose();
      }
    };

    it(
      'is empty at first',
      withLog(async (log) => {
        assert.equal(log.headSequence, 0);
        assert.equal(log.firstSequence, 1);
        assert.deepEqual(await all(log.scan(1)), []);
      }),
    );

    it(
      'gives gapless sequences that start at 1, across consultations',
      withLog(async (log, links) => {
        assert.equal(await log.append(links.next('a')), 1);
        assert.equal(await log.append(links.next('b', 3)), 2);
        assert.equal(await log.append(links.next('a', 2)), 5);
        assert.equal(log.headSequence, 6);
      }),
    );

    it(
      'reads back what was appended, byte for byte, by sequence and by scan',
      withLog(async (log, links) => {
        const appended: Buffer[] = [];
        for (let round = 0; round < 50; round += 1) {
          const append = links.next(['a', 'b', 'c'][round % 3] as string, 1 + (round % 4));
          appended.push(...append.links);
          await log.append(append);
        }
        const expected = appended.map((link, index) => ({ sequence: index + 1, link }));
        assert.deepEqual(await all(log.scan(1)), expected);
        assert.deepEqual(await all(log.scan(40)), expected.slice(39));
        const some = [1, 2, 17, 60, expected.length];
        assert.deepEqual(
          await log.read(some),
          some.map((sequence) => expected[sequence - 1]),
        );
      }),
    );

    it(
      'keeps the order of appends that were made at once',
      withLog(async (log, links) => {
        const appends = Array.from({ length: 200 }, (_, index) => links.next(`c${index % 7}`));
        const sequences = await Promise.all(appends.map((append) => log.append(append)));
        assert.deepEqual(
          sequences,
          appends.map((_, index) => index + 1),
        );
        const stored = await all(log.scan(1));
        assert.deepEqual(
          stored.map(({ link }) => link),
          appends.flatMap(({ links: [link] }) => link),
        );
      }),
    );

    it(
      'refuses a wrong expected version, names the right one, and stores nothing',
      withLog(async (log, links) => {
        await log.append(links.next('a', 2));
        const next = links.next('a');
        for (const expectedVersion of [0, 1, 3]) {
          await assert.rejects(log.append({ ...next, expectedVersion }), {
            code: 'WRONG_EXPECTED_VERSION',
            extensions: { version: 2 },
          });
        }
        assert.equal(log.headSequence, 2);
        assert.equal(await log.append(next), 3);
      }),
    );

    it(
      'lets exactly one of several appends with the same expected version win',
      withLog(async (log, links) => {
        const rivals = Array.from({ length: 16 }, () => links.peek('a'));
        const outcomes = await Promise.allSettled(rivals.map((append) => log.append(append)));
        assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
        assert.equal(log.headSequence, 1);
      }),
    );

    it(
      'finishes what it accepted before it closes, and refuses the rest',
      withLog(async (log, links) => {
        const accepted = [log.append(links.next('a')), log.append(links.next('b'))];
        const closed = log.close();
        await assert.rejects(log.append(links.next('c')), { code: 'SHUTTING_DOWN' });
        assert.deepEqual(await Promise.all(accepted), [1, 2]);
        await closed;
      }),
    );
  });
}
