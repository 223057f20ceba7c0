/** A round on a disk that is really full: appends are refused, reads go on, and room brings appends back. */
import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../../domain/limits.js';
import { type HttpClient, httpClient } from '../http-client.js';
import { checkKept, eventsOver } from './check-store.js';
import type { Consultation } from './clinic.js';
import { inParallel, inTime, Life, type Torture } from './life.js';
import type { ServiceProcess } from './service-process.js';
import { type SmallDisk, smallDisk } from './small-disk.js';

const DISK_BYTES = 32 * 1024 * 1024;
const EVENTS_BEFORE = 300;
const REFUSED = 50;
const EVENTS_AFTER = 200;
/** The newest consultations that are read while the disk is full. */
const READ_MAX = 50;
/** The share of rounds in which the service is also killed while the disk is full. */
const KILLED_SHARE = 0.3;

/** Skipped, with the reason in the figures, where no disk can be made. */
export async function fullDiskRound(torture: Torture): Promise<void> {
  const { scratch, figures } = torture;
  const directory = join(scratch, 'full');
  await mkdir(directory);
  const disk = await smallDisk(directory, DISK_BYTES);
  try {
    if (typeof disk === 'string') {
      figures.fullDiskSkipped = disk;
      return;
    }
    await onDisk(torture, disk);
    figures.fullDisks += 1;
  } finally {
    if (typeof disk !== 'string') await disk.close();
    await rmdir(directory);
  }
}

async function onDisk(torture: Torture, disk: SmallDisk): Promise<void> {
  const { random, figures } = torture;
  const life = new Life(torture, join(disk.directory, 'data'), disk.within);
  figures.stores += 1;
  const service = await life.start();
  try {
    const { clinic } = life;
    const playing = life.play(service.url);
    const orFail = (reached: Promise<void>, what: string): Promise<void> =>
      inTime(
        Promise.race([
          reached,
          playing.ended.then(() => {
            throw new Error('the clients ended early');
          }),
        ]),
        what,
      );
    await orFail(clinic.acknowledged.further(EVENTS_BEFORE), 'the first events were not acknowledged');
    const empty = await disk.fill();
    await orFail(clinic.full.further(REFUSED), 'no append was refused with 507 on a full disk');
    await checkWhileFull(life, service);
    if (random() < KILLED_SHARE) {
      await life.kill(service);
      await inTime(playing.ended, 'clients of a killed service did not end');
      figures.kills += 1;
      await empty();
    } else {
      const freedMs = performance.now();
      const resumed = clinic.acknowledged.further(1);
      await empty();
      await orFail(resumed, 'no append was acknowledged after there was room again');
      figures.resumedMs.push(performance.now() - freedMs);
      await orFail(clinic.acknowledged.further(EVENTS_AFTER), 'too few appends were acknowledged afterwards');
      await playing.stop();
      await life.stop(service);
    }
    await life.finish();
  } finally {
    await service.end('SIGKILL');
  }
}

/** The service says that it is not ready, and serves what was acknowledged. */
async function checkWhileFull(life: Life, service: ServiceProcess): Promise<void> {
  const { findings } = life.torture;
  const client = httpClient(new URL(service.url), limits.tortureRequestMs);
  try {
    const ready = await client.send({ method: 'GET', path: '/health/ready' });
    if (ready.status !== 503 || ready.body?.code !== 'NOT_READY') {
      findings.add('unexpected', `GET /health/ready was answered with ${ready.status} on a full disk`);
    }
    const known = life.clinic.consultations.slice(-READ_MAX).map(snapshot);
    await inParallel(known, (one) => readWhileFull(client, one, life));
  } finally {
    client.close();
  }
}

/** Clients go on meanwhile. */
const snapshot = ({ acknowledged, ...rest }: Consultation): Consultation => ({
  ...rest,
  acknowledged: [...acknowledged],
});

async function readWhileFull(client: HttpClient, known: Consultation, { torture }: Life): Promise<void> {
  const events = await eventsOver(client, known.id);
  torture.figures.eventsChecked += events.length;
  checkKept(known.acknowledged, events, torture.findings);
}
