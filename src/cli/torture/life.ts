/** One data directory under torture, from its first start to its last check, and who is told what meanwhile. */
import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '../../domain/limits.js';
import { integerBetween, type Random } from '../../domain/seeded-random.js';
import { type HttpClient, httpClient } from '../http-client.js';
import { checkConsultation, checkSequences } from './check-store.js';
import { Clinic, type Consultation } from './clinic.js';
import type { Figures } from './figures.js';
import type { Findings } from './findings.js';
import { runProgram } from './run-program.js';
import { ServiceProcess } from './service-process.js';

/** What all parts of a run share. */
export interface Torture {
  /** A directory of the run's own. */
  scratch: string;
  random: Random;
  clients: number;
  findings: Findings;
  figures: Figures;
  /** Every service that may be running, so that all can be ended; and every life that was not added up. */
  services: Set<ServiceProcess>;
  open: Set<Life>;
}

/** Small segments, so that journals are sealed and deleted while the service is killed. */
const SERVICE_ENV = { FI_SEGMENT_EVENTS: '400', FI_MIRROR_MS: '50' } as const;
/** Consultations that are read at the same time. */
const READERS = 8;
const SEED_MAX = 2 ** 31;

export class Life {
  readonly clinic = new Clinic();
  #isAfterKill = false;

  constructor(
    readonly torture: Torture,
    readonly dataDir: string,
    /** The command that runs others where the directory is. */
    private readonly within?: readonly string[],
  ) {
    torture.open.add(this);
  }

  /** Starts the service. Rejects with StartFailed. */
  async start(): Promise<ServiceProcess> {
    const { figures } = this.torture;
    const service = this.spawn();
    await inTime(service.listening, 'the service did not listen');
    if (this.#isAfterKill) figures.recoveryMs.push(service.startMs);
    this.#isAfterKill = false;
    return service;
  }

  /** Starts it and does not wait. */
  spawn(): ServiceProcess {
    const service = ServiceProcess.spawn(this.dataDir, SERVICE_ENV, this.within);
    const { services } = this.torture;
    services.add(service);
    void service.exited.then(() => services.delete(service));
    return service;
  }

  /**
   * Lets clients play until they are told to stop or the service is gone. `ended` resolves when all have, and
   * rejects with the first failure of one.
   */
  play(url: string): { stop: () => Promise<void>; ended: Promise<void> } {
    const { random, clients } = this.torture;
    const stop = new AbortController();
    const ended = Promise.all(
      Array.from({ length: clients }, (_, client) => {
        // Even seeds choose the ids of their events, odd ones leave them to the service.
        const seed = integerBetween(random, 0, SEED_MAX) * 2 + (client % 2);
        return this.clinic.play(url, seed, stop.signal);
      }),
    ).then(() => undefined);
    ended.catch(() => undefined);
    return {
      ended,
      stop: () => {
        stop.abort();
        return ended;
      },
    };
  }

  async kill(service: ServiceProcess): Promise<void> {
    const { code, signal, stderr } = await service.end('SIGKILL');
    this.#isAfterKill = true;
    if (signal !== 'SIGKILL') throw new Error(`the service ended by itself (${code ?? signal}): ${stderr}`);
  }

  /** Ends the service gracefully. */
  async stop(service: ServiceProcess): Promise<void> {
    const { code, signal, stderr } = await inTime(service.end('SIGTERM'), 'SIGTERM did not end the service');
    if (code !== 0) throw new Error(`SIGTERM ended the service with ${code ?? signal}: ${stderr}`);
  }

  /** Sends again what was not answered before a stop, and checks every consultation that was touched since. */
  async checkTouched(service: ServiceProcess): Promise<void> {
    const touched = [...this.clinic.touched];
    this.clinic.touched.clear();
    await this.#withClient(service, async (client) => {
      await this.#check(client, touched);
      const open = touched.filter(({ isStarted, unanswered }) => !isStarted || unanswered.length > 0);
      await inParallel(open, (one) => this.clinic.resend(client, one));
      await this.#check(client, open);
    });
  }

  /** Checks everything that was ever acknowledged, and that no sequence is missing. */
  async checkAll(service: ServiceProcess): Promise<void> {
    await this.#withClient(service, async (client) => {
      const sequences = await this.#check(client, this.clinic.consultations);
      checkSequences(sequences, this.torture.findings);
    });
  }

  /** Runs `fi-consult verify`, which must find nothing. */
  async verify(): Promise<void> {
    const { figures, findings } = this.torture;
    const { exitCode, stdout, stderr } = await runProgram(
      ['verify', '--data-dir', this.dataDir],
      this.within,
    );
    figures.verifyRuns += 1;
    if (exitCode !== 0) findings.add('altered', `verify: ${stdout}${stderr}`.trim().replaceAll('\n', '; '));
  }

  /** Starts it a last time, checks all, stops it, verifies; and adds up what its clients did. */
  async finish(): Promise<void> {
    const service = await this.start();
    await this.checkTouched(service);
    await this.checkAll(service);
    await this.stop(service);
    await this.verify();
    this.addUp();
  }

  /** Adds to the figures what the clients did, once. */
  addUp(): void {
    const { figures, open } = this.torture;
    if (!open.delete(this)) return;
    figures.eventsAcknowledged += this.clinic.acknowledged.count;
    figures.eventsRefused += this.clinic.refused;
    figures.eventsUnanswered += this.clinic.unanswered;
    figures.eventsResent += this.clinic.resent;
    figures.fullRefusals += this.clinic.full.count;
  }

  async #check(client: HttpClient, consultations: readonly Consultation[]): Promise<number[]> {
    const { findings, figures } = this.torture;
    const sequences: number[] = [];
    await inParallel(consultations, async (one) => {
      const found = await checkConsultation(client, one, findings);
      figures.eventsChecked += found.length;
      sequences.push(...found);
    });
    return sequences;
  }

  async #withClient(service: ServiceProcess, work: (client: HttpClient) => Promise<void>): Promise<void> {
    const client = httpClient(new URL(service.url), limits.tortureRequestMs);
    try {
      await work(client);
    } finally {
      client.close();
    }
  }
}

/** Works on all items, some at a time. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: READERS }, worker));
}

/** Rejects with `what` if a promise is not settled in time. */
export async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  const timer = new AbortController();
  const late = delay(limits.tortureExitMs, undefined, { signal: timer.signal }).then((): never => {
    throw new Error(`${what} within ${limits.tortureExitMs / 1000} s`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}
