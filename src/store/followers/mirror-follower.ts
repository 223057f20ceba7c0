/** What the mirror's thread does: writes the events of the newest journal into its live HDF5 file. */
import { join } from 'node:path';
import { assert } from '../../domain/errors.js';
import type { SequencedLink } from '../../domain/stored-event.js';
import type { JournalSpan } from '../../log/file-log.js';
import type { BlockingDisk } from '../../ops/blocking-disk.js';
import type { Disk } from '../../ops/disk.js';
import { loadHdf5 } from '../../segments/hdf5.js';
import { LiveSegment } from '../../segments/live-segment.js';
import { liveFileName } from '../../segments/segment-layout.js';
import type { Follower } from './journal-follower.js';

export interface MirrorWorkerData {
  directory: string;
  /** Of sealed segments: proven before anything is mirrored (mirror-worker.ts). */
  codec: string;
}

class Mirror implements Follower {
  private live: LiveSegment | undefined;
  appliedSequence = 0;

  constructor(
    private readonly directory: string,
    private readonly disk: BlockingDisk,
  ) {}

  begin({ firstSequence }: JournalSpan): void {
    const path = join(this.directory, liveFileName(firstSequence));
    this.live = LiveSegment.create(path, { firstSequence, disk: this.disk });
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

export async function openMirror(
  { directory }: Pick<MirrorWorkerData, 'directory'>,
  disk: Disk,
): Promise<Follower> {
  await loadHdf5();
  return new Mirror(directory, disk.blocking);
}
