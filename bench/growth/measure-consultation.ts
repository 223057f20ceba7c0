/** Measures one length of a consultation: appends to it, its state, and a page of its newest events. */
import { join } from 'node:path';
import type { CaseContext, CaseOutcome, Size } from '../harness/benchmark.js';
import { postRequest } from '../harness/http-connection.js';
import { latency, newHistogram } from '../harness/measures.js';
import { openLoop } from '../harness/open-loop.js';
import { newConsultations, startService } from '../harness/service-under-test.js';
import { piecesOf, uploadEvents } from '../support/upload.js';
import { HttpClient } from './http-client.js';
import { appendBody, Payloads, USER_ID } from './workload.js';

const TIMES: Readonly<Record<Size, { warmUp: number; appends: number; reads: number }>> = {
  full: { warmUp: 2, appends: 10, reads: 200 },
  smoke: { warmUp: 0.1, appends: 0.25, reads: 5 },
};
/** Different lines it is filled with, which go round. */
const LINES = 5000;
const CONNECTIONS = 16;
const PAGE = 100;

/** A row of appends and one of reads, of a consultation of `length` events. */
export async function measureConsultation(length: number, context: CaseContext): Promise<CaseOutcome[]> {
  const { size, seed, own, directory } = context;
  const times = TIMES[size];
  const service = await startService(join(directory, 'data'));
  const [id = ''] = await newConsultations(service.url, 1, USER_ID);
  const payloads = new Payloads(seed);
  const lines = Array.from({ length: Math.min(length, LINES) }, () => appendBody(payloads));
  await uploadEvents(service.url, id, piecesOf(lines, length - 1), (count) =>
    context.progress((count / length) * 0.5, 'filling'),
  );

  const bodies = Array.from({ length: 1000 }, () =>
    postRequest(`/consultations/${id}/events`, appendBody(payloads)),
  );
  const request = (index: number): Buffer => bodies[index % bodies.length] as Buffer;
  const load = {
    url: service.url,
    connections: CONNECTIONS,
    request,
    status: 201,
    ratePerSecond: Number(own.rate),
  };
  await openLoop({ ...load, seconds: times.warmUp });
  context.progress(0.6, 'appends');
  const appends = await openLoop({ ...load, seconds: times.appends });
  context.progress(0.8, 'reads');
  const client = new HttpClient(service.url);
  const read = async (path: string) => {
    const histogram = newHistogram();
    await client.send(path);
    await client.timeReads(
      Array.from({ length: times.reads }, () => path),
      histogram,
    );
    return latency(histogram);
  };
  const state = await read(`/consultations/${id}`);
  const page = await read(
    `/consultations/${id}/events?limit=${PAGE}&from_version=${Math.max(1, length - PAGE)}`,
  );
  client.close();
  await service.stop();
  const parameters = { length };
  const of = `one consultation of ${length.toLocaleString('en-US')} events`;
  return [
    {
      name: `append to ${of}`,
      parameters: { kind: 'append to one', ...parameters },
      durability: 'fsync',
      invalid: appends.invalid,
      measures: { latency: latency(appends.uncorrected, appends.corrected) },
    },
    {
      name: `read of ${of}`,
      parameters: { kind: 'read of one', ...parameters },
      durability: 'memory',
      invalid: [],
      measures: { state, [`newest_${PAGE}_events`]: page },
    },
  ];
}
