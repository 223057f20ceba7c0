/**
 * Seals full journals, one at a time, in a worker thread (seal-thread.ts).
 *
 * The order is what makes it safe: the sealed file is durable and read back, then the manifest lists it, then
 * the log may delete the journal, then the live file goes. A stop anywhere leaves a journal that is sealed again.
 */
import { join } from 'node:path';
import type { Logger } from 'pino';
import { assert } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import type { FileLog, JournalSpan } from '../log/file-log.js';
import type { CancelTimer, Machine } from '../ops/machine.js';
import type { SegmentArchive } from '../segments/segment-archive.js';
import { liveFileName, sealedFileName } from '../segments/segment-layout.js';
import { SealThread } from './seal-thread.js';

export interface SegmentSealerOptions {
  log: FileLog;
  archive: SegmentArchive;
  codec: string;
  /** Where sealed and live files are. */
  directory: string;
  logger: Logger;
  machine: Machine;
}

export class SegmentSealer {
  private readonly waiting: JournalSpan[] = [];
  private running: Promise<void> | undefined;
  private readonly thread: SealThread;
  private cancelRetry: CancelTimer | undefined;
  private closing = false;

  constructor(private readonly options: SegmentSealerOptions) {
    this.thread = new SealThread(options.machine);
  }

  /** A journal is full and everything that follows the log has read it. */
  add(journal: JournalSpan): void {
    this.waiting.push(journal);
    this.start();
  }

  private start(): void {
    if (this.closing || this.running !== undefined || this.waiting.length === 0) return;
    this.cancelRetry?.();
    this.running = this.sealWaiting().finally(() => {
      this.running = undefined;
    });
  }

  private async sealWaiting(): Promise<void> {
    const { logger, machine } = this.options;
    for (let journal = this.waiting[0]; journal !== undefined && !this.closing; journal = this.waiting[0]) {
      try {
        await this.sealOne(journal);
      } catch (error) {
        if (this.closing) return;
        // The events are safe in their journal; only the archive is late.
        logger.error({ err: error }, `sealing failed and is tried again in ${limits.sealRetryMs / 1000} s`);
        this.cancelRetry = machine.timers.after(limits.sealRetryMs, () => this.start());
        return;
      }
    }
  }

  private async sealOne(journal: JournalSpan): Promise<void> {
    const { log, archive, codec, directory, logger, machine } = this.options;
    assert(journal.firstSequence === archive.lastSequence + 1, 'segments are sealed once, in order');
    const startedMs = Date.now();
    const path = join(directory, sealedFileName(journal.firstSequence));
    const sealed = await this.thread.seal({ journal, previousRoot: archive.lastRoot, codec, path });
    await archive.add(sealed);
    // From here on the segment is what counts. A journal that cannot be removed now goes with the next one.
    this.waiting.shift();
    try {
      await log.release(sealed.lastSequence);
      await machine.disk.remove(join(directory, liveFileName(journal.firstSequence)));
    } catch (error) {
      logger.warn({ err: error }, 'the journal of a sealed segment could not be removed; tried again later');
    }
    const { firstSequence, lastSequence, fileBytes } = sealed;
    logger.info(
      { firstSequence, lastSequence, fileBytes, codec, ms: Date.now() - startedMs },
      'segment sealed',
    );
  }

  /** Resolves when nothing waits to be sealed, or sealing has failed and waits to be tried again. */
  async idle(): Promise<void> {
    while (this.running !== undefined) await this.running;
  }

  /** Stops. A journal that is being sealed stays, and is sealed after the next start. */
  async close(): Promise<void> {
    this.closing = true;
    this.cancelRetry?.();
    await this.thread.close();
    await this.running;
  }
}
