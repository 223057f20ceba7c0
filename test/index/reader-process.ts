/**
 * A process that reads an index which another one writes, reading only, for the test of two processes.
 *
 * Argument: the folder of the index. For each message, the id of a consultation, it answers what it sees.
 */
import { ConsultationIndex } from '../../src/index/consultation-index.js';
import { opened } from './support.js';

const index = opened(await ConsultationIndex.open(process.argv[2] ?? '', { readOnly: true }));

process.on('message', (consultationId: string) => {
  index.refresh();
  const head = index.head(consultationId);
  process.send?.({ appliedSequence: index.appliedSequence(), version: head?.version ?? 0 });
});
process.on('disconnect', () => index.close());
process.send?.({ appliedSequence: index.appliedSequence(), version: 0 });
