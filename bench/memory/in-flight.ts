/**
 * So many requests in flight, all the time, until a number of them was answered: the same number however many are in
 * flight, so that the store has the same to remember each time.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { openConnections } from '../harness/closed-loop.js';
import { memoryOf } from '../harness/service-under-test.js';

const LOOK_MS = 10;

/** What all processes have, in MiB. */
export interface Look {
  /** `anonymous`, and the pages of files of the one that has most of them. */
  resident: number;
  anonymous: number;
}

export interface InFlight {
  url: string;
  pids: readonly number[];
  /** 0: the service is left alone, and looked at as often as `idleLooks` says. */
  inFlight: number;
  requests: number;
  request: (index: number) => Buffer;
  idleLooks: number;
}

export interface InFlightResult {
  stored: number;
  /** Answers of 503: the service had no room for more. */
  refused: number;
  /** Other statuses than 201 and 503. */
  unexpected: number;
  /** One look after another. */
  looks: Look[];
}

/** Throws if a connection breaks. */
export async function keepInFlight(load: InFlight): Promise<InFlightResult> {
  const result: InFlightResult = { stored: 0, refused: 0, unexpected: 0, looks: [] };
  const look = async (): Promise<void> => {
    const all = (await Promise.all(load.pids.map(memoryOf))).filter((memory) => memory !== undefined);
    const anonymous = all.reduce((sum, memory) => sum + memory.anonymous, 0);
    const file = Math.max(...all.map((memory) => memory.file));
    result.looks.push({ resident: anonymous + file, anonymous });
  };
  if (load.inFlight === 0) {
    for (let looked = 0; looked < load.idleLooks; looked += 1) {
      await look();
      await delay(LOOK_MS);
    }
    return result;
  }
  let isDone = false;
  const answered = driveAll(load, result).finally(() => {
    isDone = true;
  });
  while (!isDone) {
    await look();
    await Promise.race([answered, delay(LOOK_MS)]);
  }
  await answered;
  return result;
}

async function driveAll(load: InFlight, result: InFlightResult): Promise<void> {
  const { url, inFlight, requests, request } = load;
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const connections = await openConnections({ url, connections: inFlight }, (error) => fail(error));
  let next = 0;
  const drive = (connection: (typeof connections)[number]): Promise<void> =>
    new Promise((resolve) => {
      const send = (): void => {
        if (next >= requests) resolve();
        else connection.send(request(next++), answer);
      };
      const answer = (status: number): void => {
        if (status === 201) result.stored += 1;
        else if (status === 503) result.refused += 1;
        else result.unexpected += 1;
        send();
      };
      send();
    });
  try {
    await Promise.race([Promise.all(connections.map(drive)), failed]);
  } finally {
    for (const connection of connections) connection.close();
  }
}
