/** Reading from a service by its address. */

import { type HttpClient, httpClient } from '../../src/cli/http-client.js';
import { checkConsultation, eventsOver as eventsOverClient } from '../../src/cli/torture/check-store.js';
import type { Consultation } from '../../src/cli/torture/clinic.js';
import { Findings } from '../../src/cli/torture/findings.js';
import type { ConsultationEvent } from '../../src/domain/event.js';
import { limits } from '../../src/domain/limits.js';

export async function getJson<T>(url: string, path: string): Promise<T> {
  const response = await fetch(url + path);
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

async function withClient<T>(url: string, work: (client: HttpClient) => Promise<T>): Promise<T> {
  const client = httpClient(new URL(url), limits.tortureRequestMs);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

/** All events of a consultation, page by page. */
export function eventsOver(url: string, id: string): Promise<ConsultationEvent[]> {
  return withClient(url, (client) => eventsOverClient(client, id));
}

/** Asserts that every consultation is as it was acknowledged; gives the sequences of all its events. */
export function checkAll(
  url: string,
  consultations: readonly Consultation[],
): Promise<{ sequences: number[]; findings: Findings }> {
  return withClient(url, async (client) => {
    const findings = new Findings();
    const sequences: number[] = [];
    for (const one of consultations) sequences.push(...(await checkConsultation(client, one, findings)));
    return { sequences, findings };
  });
}
