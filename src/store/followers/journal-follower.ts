/** The worker's side of following the journal: reads durable blocks and hands their events over in batches. */
import { parentPort } from 'node:worker_threads';
import { assert } from '../../domain/errors.js';
import type { SequencedLink } from '../../domain/stored-event.js';
import type { JournalSpan } from '../../log/file-log.js';
import { FILE_HEADER_BYTES } from '../../log/journal-format.js';
import { readBlocks } from '../../log/journal-scanner.js';
import { type DiskFile, nodeDisk } from '../../ops/disk.js';
import type { FollowerCommand, FollowerReport } from './follower-protocol.js';

/** Events handed over at a time, at most (more if one block holds more). */
const BATCH_EVENTS = 1000;

export interface Follower {
  /** The newest sequence it has; what is at or below it is not handed over again. */
  readonly appliedSequence: number;
  /** Takes in events, in order, without gaps. */
  apply(links: readonly SequencedLink[]): void;
  /** A journal begins; its events follow. */
  begin?(journal: JournalSpan): void;
  /** All that is known to be durable was applied. */
  settle?(): void;
  /** A journal is full and all of it was applied. */
  finish?(journal: JournalSpan): void;
  close(): void | Promise<void>;
}

interface OpenJournal {
  path: string;
  file: DiskFile;
  offset: number;
}

/** Serves commands until `close`. Any failure is reported and ends the worker: the journal still has it all. */
export function serveFollower(open: () => Promise<Follower>): void {
  const port = parentPort;
  assert(port !== null, 'a follower runs in a worker thread');
  const report = (message: FollowerReport): void => port.postMessage(message);
  let work: Promise<void> = Promise.resolve();
  let follower: Follower | undefined;
  let journal: OpenJournal | undefined;

  const applyDurable = async (to: JournalSpan, target: Follower): Promise<void> => {
    if (journal?.path !== to.path) {
      await journal?.file.close();
      journal = {
        path: to.path,
        file: await nodeDisk.open(to.path, { mode: 'read' }),
        offset: FILE_HEADER_BYTES,
      };
      target.begin?.(to);
    }
    let batch: SequencedLink[] = [];
    for await (const block of readBlocks(journal.file, journal.offset, to.endOffset)) {
      block.links.forEach((link, index) => {
        const sequence = block.firstSequence + index;
        if (sequence > target.appliedSequence) batch.push({ sequence, link });
      });
      journal.offset = block.end;
      if (batch.length < BATCH_EVENTS) continue;
      target.apply(batch);
      batch = [];
    }
    if (batch.length > 0) target.apply(batch);
    target.settle?.();
    assert(journal.offset === to.endOffset, 'what is durable is readable');
    report({ kind: 'applied', sequence: Math.max(target.appliedSequence, to.lastSequence) });
  };

  const handle = async (command: FollowerCommand): Promise<void> => {
    assert(follower !== undefined, 'the follower is open');
    if (command.kind === 'close') {
      await journal?.file.close();
      await follower.close();
      report({ kind: 'closed' });
      port.close();
      return;
    }
    await applyDurable(command.journal, follower);
    if (!command.isFull) return;
    follower.finish?.(command.journal);
    report({ kind: 'finished', journal: command.journal });
  };

  const fail = (error: unknown): void => {
    const { code, message } = error as { code?: string; message: string };
    report({ kind: 'failed', code, message });
    port.close();
  };

  work = open().then((opened) => {
    follower = opened;
    report({ kind: 'opened', sequence: opened.appliedSequence });
  }, fail);
  port.on('message', (command: FollowerCommand) => {
    work = work.then(() => handle(command)).catch(fail);
  });
}
