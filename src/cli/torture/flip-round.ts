/** A round of flipped bytes: copies of a stopped directory, each with a changed byte that must not go unnoticed. */
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../../domain/limits.js';
import { integerBetween, pickOne, type Random } from '../../domain/seeded-random.js';
import { type HttpClient, httpClient } from '../http-client.js';
import { checkEvents, eventsOver, UnreadableEvents } from './check-store.js';
import { Findings } from './findings.js';
import { inParallel, inTime, Life, type Torture } from './life.js';
import { runProgram } from './run-program.js';
import { type ServiceProcess, StartFailed } from './service-process.js';

const EVENTS = 1500;
const FLIPS = 2;
/** What a start that is refused for damage says (docs/errors.md). */
const REFUSAL = /^fi-consult serve: (LOG_DAMAGED|ARCHIVE_DAMAGED|UNSUPPORTED_FORMAT): [^\n]+\n$/;
/** What a read of damaged events is answered with. */
const READ_REFUSALS: ReadonlySet<string> = new Set(['LOG_DAMAGED', 'ARCHIVE_DAMAGED']);

export async function flipRound(torture: Torture): Promise<void> {
  const life = await storeToDamage(torture);
  const copy = join(torture.scratch, 'flipped');
  for (let flip = 0; flip < FLIPS; flip += 1) {
    await cp(life.dataDir, copy, { recursive: true });
    const place = await flipByte(copy, torture.random);
    const damaged = new Life(torture, copy);
    await judge(life, damaged, place);
    damaged.addUp();
    torture.figures.flips += 1;
    await rm(copy, { recursive: true });
  }
  life.addUp();
  await rm(life.dataDir, { recursive: true });
}

/** Some sealed segments, a journal and a manifest, stopped gracefully. */
async function storeToDamage(torture: Torture): Promise<Life> {
  const life = new Life(torture, join(torture.scratch, 'whole'));
  torture.figures.stores += 1;
  const service = await life.start();
  const playing = life.play(service.url);
  const ended = playing.ended.then(() => {
    throw new Error('the clients ended early');
  });
  await inTime(
    Promise.race([life.clinic.acknowledged.further(EVENTS), ended]),
    'too few events were acknowledged',
  );
  await playing.stop().catch(() => undefined);
  ended.catch(() => undefined);
  await life.stop(service);
  return life;
}

/** Changes a random byte of a random file that the truth is in; gives its place as a text. */
async function flipByte(dataDir: string, random: Random): Promise<string> {
  const files: string[] = [join('segments', 'manifest.json')];
  for (const folder of ['journal', 'segments']) {
    const names = await readdir(join(dataDir, folder));
    files.push(...names.filter((name) => /\d\.(journal|h5)$/.test(name)).map((name) => join(folder, name)));
  }
  const file = pickOne(random, files.sort());
  const bytes = await readFile(join(dataDir, file));
  const offset = integerBetween(random, 0, bytes.length - 1);
  bytes[offset] = (bytes[offset] as number) ^ integerBetween(random, 1, 255);
  await writeFile(join(dataDir, file), bytes);
  return `${file}, offset ${offset}`;
}

/** The start is refused, or verify names it, or it is harmless; never is a wrong event served. */
async function judge(whole: Life, damaged: Life, place: string): Promise<void> {
  const { figures, findings } = damaged.torture;
  const verify = await runProgram(['verify', '--data-dir', damaged.dataDir]);
  const isNamed = verify.exitCode === 1 && verify.stdout !== '';
  if (!isNamed && verify.exitCode !== 0) {
    findings.add('unexpected', `${place}: verify ended with ${verify.exitCode}: ${verify.stderr.trim()}`);
  }
  const service = await startOrRefusal(damaged);
  if (typeof service === 'string') {
    figures.flipsRefused += 1;
    if (!REFUSAL.test(service)) findings.add('unexpected', `${place}: ${service.trim()}`);
    if (!isNamed) findings.add('unexpected', `${place}: verify finds nothing where a start is refused`);
    return;
  }
  const found = await readAll(whole, service);
  await damaged.stop(service);
  if (found.texts.length > 0) {
    for (const text of found.texts) findings.add(found.worst, `${place}: served although changed: ${text}`);
  } else if (found.unreadable > 0 && !isNamed) {
    findings.add('unexpected', `${place}: events cannot be read, and verify finds nothing`);
  } else if (isNamed) figures.flipsNamed += 1;
  else figures.flipsHarmless += 1;
}

async function startOrRefusal(life: Life): Promise<ServiceProcess | string> {
  try {
    return await life.start();
  } catch (error) {
    if (!(error instanceof StartFailed) || error.exit.code !== 1) throw error;
    return error.exit.stderr;
  }
}

/** Reads every event and compares those that are answered with what was acknowledged of the whole store. */
async function readAll(whole: Life, { url }: ServiceProcess) {
  const found = new Findings();
  let unreadable = 0;
  const client: HttpClient = httpClient(new URL(url), limits.tortureRequestMs);
  try {
    await inParallel(whole.clinic.consultations, async (one) => {
      try {
        checkEvents(one, await eventsOver(client, one.id), found);
      } catch (error) {
        if (!(error instanceof UnreadableEvents) || !READ_REFUSALS.has(error.code)) throw error;
        unreadable += 1;
      }
    });
  } finally {
    client.close();
  }
  const worst = found.counts.lost > 0 ? ('lost' as const) : ('altered' as const);
  return { texts: found.texts, worst, unreadable };
}
