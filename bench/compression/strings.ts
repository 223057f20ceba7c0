/**
 * The warning: the same texts as strings of variable length. HDF5 then filters 16-byte references and keeps the text
 * itself in its heap, as it is. h5wasm refuses to set a filter for such strings, so h5py writes them, where there is one.
 */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type CaseContext, type CaseOutcome, SkippedCase } from '../harness/benchmark.js';
import { scalar } from '../harness/measures.js';
import { payloadsOf } from './payloads.js';

const run = promisify(execFile);
const PYTHONS = ['/usr/bin/python3', 'python3'];
const TRIES = { none: 'None, None', 'gzip:6': "'gzip', 6", lzf: "'lzf', None" };
const WRITE = `
import json, sys, h5py
source, target, codec, level = sys.argv[1], sys.argv[2], *eval(sys.argv[3])
texts = json.load(open(source))
with h5py.File(target, 'w') as file:
    file.create_dataset('payload', data=texts, dtype=h5py.string_dtype(), chunks=(min(1024, len(texts)),),
                        compression=codec, compression_opts=level)
`;

async function pythonWithH5py(): Promise<string> {
  for (const name of PYTHONS) {
    const found = await run(name, ['-c', 'import h5py']).then(
      () => true,
      () => false,
    );
    if (found) return name;
  }
  throw new SkippedCase('no python3 with h5py is installed, and h5wasm sets no filter for such strings');
}

/** Sizes only: what h5py takes for it says nothing about this service. */
export async function measureStrings(eventBytes: number, context: CaseContext): Promise<CaseOutcome[]> {
  const { corpus, seed, own, directory } = context;
  const python = await pythonWithH5py();
  const payloads = await payloadsOf(corpus, seed, eventBytes, Number(own.columnMb) * 1e6);
  const bytes = payloads.reduce((sum, payload) => sum + Buffer.byteLength(payload), 0);
  const source = join(directory, 'payloads.json');
  await writeFile(source, JSON.stringify(payloads));
  const outcomes: CaseOutcome[] = [];
  for (const [codec, options] of Object.entries(TRIES)) {
    const target = join(directory, 'strings.h5');
    await run(python, ['-c', WRITE, source, target, options]);
    outcomes.push({
      name: `${eventBytes} B events, variable-length strings, ${codec}`,
      parameters: { kind: 'strings', event_bytes: eventBytes, codec },
      durability: 'memory',
      invalid: [],
      measures: { ratio: scalar(bytes / statSync(target).size, '', 'higher') },
    });
  }
  return outcomes;
}
