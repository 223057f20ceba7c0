/** The worker's side of following the journal: reads durable blocks and hands their events over in batches. */
import { basename } from 'node:path';
import { assert, CodedError } from '../../domain/errors.js';
import type { SequencedLink } from '../../domain/stored-event.js';
import type { JournalSpan } from '../../log/file-log.js';
import { FILE_HEADER_BYTES, WHAT_TO_DO } from '../../log/journal-format.js';
import { readBlocks } from '../../log/journal-scanner.js';
import type { Disk, DiskFile } from '../../ops/disk.js';
import { plainFailure } from '../../ops/disk-failure.js';
import type { ThreadPort } from '../../ops/machine.js';
import type { FollowerCommand, FollowerReport } from './follower-protocol.js';

/**
 * Handed over at a time, at most (more if one block holds more). The index commits each time and the mirror writes all
 * its columns, so that what one message tells of should fit: at 20,000 events/s the mirror hears of 6,700.
 */
const BATCH_EVENTS = 8192;
const BATCH_BYTES = 8 * 1024 * 1024;

export interface Follower {
  /** The newest sequence it has; what is at or below it is not handed over again. */
  readonly appliedSequence: number;
  /** Takes in events, in order, without gaps. */
  apply(links: readonly SequencedLink[]): void | Promise<void>;
  /** A journal begins; its events follow. */
  begin?(journal: JournalSpan): void;
  /** All that is known to be durable was applied. */
  settle?(): void;
  /** A journal is full and all of it was applied. */
  finish?(journal: JournalSpan): void;
  /** A state to keep, of an event that was handed over. */
  snapshot?(consultationId: string, value: Uint8Array): void;
  close(): void | Promise<void>;
}

interface OpenJournal {
  path: string;
  file: DiskFile;
  offset: number;
}

/**
 * Serves commands until `close`. Any failure is reported and ends the worker: the journal still has it all.
 *
 * `open` is given a signal that is aborted as soon as the follower is asked to close; what was asked before is
 * still done, but nothing should be waited for.
 */
export function serveFollower(
  port: ThreadPort,
  disk: Disk,
  open: (closing: AbortSignal) => Promise<Follower>,
): void {
  const report = (message: FollowerReport): void => port.postMessage(message);
  const closing = new AbortController();
  let follower: Follower | undefined;
  let journal: OpenJournal | undefined;
  let hasFailed = false;

  const openJournal = async (to: JournalSpan, target: Follower): Promise<OpenJournal> => {
    if (journal?.path === to.path) return journal;
    await journal?.file.close();
    const file = await disk.open(to.path, { mode: 'read' });
    journal = { path: to.path, file, offset: FILE_HEADER_BYTES };
    target.begin?.(to);
    return journal;
  };

  const applyDurable = async (to: JournalSpan, target: Follower): Promise<void> => {
    const from = await openJournal(to, target);
    let batch: SequencedLink[] = [];
    let bytes = 0;
    for await (const block of readBlocks(from.file, from.offset, to.endOffset)) {
      block.links.forEach((link, index) => {
        const sequence = block.firstSequence + index;
        if (sequence <= target.appliedSequence) return;
        batch.push({ sequence, link });
        bytes += link.length;
      });
      from.offset = block.end;
      if (batch.length < BATCH_EVENTS && bytes < BATCH_BYTES) continue;
      await target.apply(batch);
      batch = [];
      bytes = 0;
    }
    if (batch.length > 0) await target.apply(batch);
    target.settle?.();
    if (from.offset !== to.endOffset) throw unreadable(to, from.offset);
    assert(target.appliedSequence >= to.lastSequence, 'what was read was taken in');
    report({ kind: 'applied', sequence: target.appliedSequence });
  };

  const handle = async (command: FollowerCommand): Promise<void> => {
    if (hasFailed) return;
    assert(follower !== undefined, 'the follower is open');
    if (command.kind === 'close') {
      await letGo();
      report({ kind: 'closed' });
      port.close();
      return;
    }
    if (command.kind === 'snapshot') {
      follower.snapshot?.(command.consultationId, command.value);
      return;
    }
    await applyDurable(command.journal, follower);
    if (!command.isFull) return;
    follower.finish?.(command.journal);
    report({ kind: 'finished', journal: command.journal });
  };

  const letGo = async (): Promise<void> => {
    await journal?.file.close();
    await follower?.close();
  };

  const fail = async (error: unknown): Promise<void> => {
    if (hasFailed) return;
    hasFailed = true;
    report({ kind: 'failed', ...plainFailure(error) });
    await letGo().catch(() => undefined);
    port.close();
  };

  let work = open(closing.signal)
    .then((opened) => {
      follower = opened;
      report({ kind: 'opened', sequence: opened.appliedSequence });
    })
    .catch(fail);
  port.on('message', (message) => {
    const command = message as FollowerCommand;
    if (command.kind === 'close') closing.abort();
    work = work.then(() => handle(command)).catch(fail);
  });
}

function unreadable({ path }: JournalSpan, offset: number): CodedError {
  const what = `${basename(path)}, offset ${offset}: what was stored there does not read as it was written`;
  return new CodedError('LOG_DAMAGED', `${what}. ${WHAT_TO_DO}`);
}
