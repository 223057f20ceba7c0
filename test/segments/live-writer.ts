/** A process that writes a live file until it is killed, and says after each flush how many events it holds. */
import { writeSync } from 'node:fs';
import { loadHdf5 } from '../../src/segments/hdf5.js';
import { LiveSegment } from '../../src/segments/live-segment.js';
import { SampleLinks } from './sample-links.js';

const [path = '', seed = '1'] = process.argv.slice(2);
await loadHdf5();
const live = LiveSegment.create(path, { firstSequence: 1 });
const source = new SampleLinks(Number(seed));
for (;;) {
  live.append(source.make({ events: 37, consultations: 500 }));
  live.flush();
  writeSync(1, `${live.eventCount}\n`);
}
