/**
 * A process that brings made events into an index until it is killed or has no more, for the tests of crashes.
 *
 * Arguments: the folder of the index, the seed and the number of events. Sends `appliedSequence` after each
 * batch, with an error's code and message if one was thrown.
 */
import { CodedError } from '../../src/domain/errors.js';
import { integerBetween, seededRandom } from '../../src/domain/seeded-random.js';
import type { SequencedLink } from '../../src/domain/stored-event.js';
import { IndexWriter } from '../../src/index/index-writer.js';
import { makeLinks } from '../support/links.js';
import { opened } from './support.js';

export interface WriterReport {
  appliedSequence: number;
  failure?: { code: string; message: string };
}

async function send(report: WriterReport): Promise<void> {
  await new Promise((resolve) => process.send?.(report, resolve));
}

async function applyAll(directory: string, seed: number, events: number): Promise<void> {
  const writer = opened(await IndexWriter.open(directory));
  const links = [...makeLinks({ consultations: 200, events, seed })];
  const random = seededRandom(seed + writer.appliedSequence);
  let failures = 0;
  // After a failure it tries once more, to see that the writer refuses and the process lives on.
  while (writer.appliedSequence < links.length && failures < 2) {
    const from = writer.appliedSequence;
    const failure = applied(writer, links.slice(from, from + integerBetween(random, 1, 300)));
    if (failure !== undefined) failures += 1;
    await send({ appliedSequence: writer.appliedSequence, ...failure });
  }
  await writer.close();
  process.disconnect?.();
}

function applied(
  writer: IndexWriter,
  links: readonly SequencedLink[],
): Pick<WriterReport, 'failure'> | undefined {
  try {
    writer.apply(links);
    return undefined;
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { failure: { code: error.code, message: error.message } };
  }
}

const [directory = '', seed = '0', events = '0'] = process.argv.slice(2);
await applyAll(directory, Number(seed), Number(events));
