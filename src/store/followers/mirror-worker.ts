/** Worker thread: keeps the live HDF5 file of the newest journal. */
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { assert } from '../../domain/errors.js';
import type { SequencedLink } from '../../domain/stored-event.js';
import type { JournalSpan } from '../../log/file-log.js';
import { loadHdf5 } from '../../segments/hdf5.js';
import { LiveSegment } from '../../segments/live-segment.js';
import { liveFileName } from '../../segments/segment-layout.js';
import { type Follower, serveFollower } from './journal-follower.js';

export interface MirrorWorkerData {
  directory: string;
}

class Mirror implements Follower {
  private live: LiveSegment | undefined;
  appliedSequence = 0;

  constructor(private readonly directory: string) {}

  begin({ firstSequence }: JournalSpan): void {
    this.live = LiveSegment.create(join(this.directory, liveFileName(firstSequence)), { firstSequence });
    this.appliedSequence = firstSequence - 1;
  }

  apply(links: readonly SequencedLink[]): void {
    assert(links[0]?.sequence === this.appliedSequence + 1, 'the live file has no gap');
    this.live?.append(links.map(({ link }) => link));
    this.appliedSequence += links.length;
  }

  settle(): void {
    this.live?.flush();
  }

  finish(): void {
    this.close();
  }

  close(): void {
    this.live?.close();
    this.live = undefined;
  }
}

serveFollower(async () => {
  await loadHdf5();
  return new Mirror((workerData as MirrorWorkerData).directory);
});
