/** A whole run: a service, inputs of both kinds, and what must be true while they come and when they are through. */
import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Random, seededRandom } from '../../src/domain/seeded-random.js';
import { PROGRAM } from '../support/program.js';
import { AcceptedEvents, eventsOfExport } from './accepted-events.js';
import { type AnswerCheck, answerCheck } from './answer-check.js';
import { documentedRoutes, type Route } from './api-document.js';
import { FuzzedService, type MemoryUse } from './fuzzed-service.js';
import { type Answer, FuzzClient } from './http-client.js';
import { type HttpInput, type InputMaker, inputMaker } from './http-inputs.js';
import { sendRaw } from './raw-client.js';
import { rawInput } from './raw-inputs.js';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

/** Inputs that are under way at the same time, unless said otherwise. */
const CONCURRENCY = 8;
/** Consultations that there are from the start. */
const CONSULTATIONS = 8;
/** Of a hundred inputs, those that are bytes on a connection of their own. */
const RAW_PERCENT = 10;
/** Ids of consultations and events that inputs are made with: the first ones, and those that came last. */
const KNOWN_IDS_MAX = 64;
const THIRDS = 3;
const FAULTS_MAX = 20;
/** What the heap may grow by from the first third of a run to its end: the caches, which have limits, fill up. */
const HEAP_GROWTH_BYTES_MAX = 24 * 1024 * 1024;
const EXPORT_BYTES_MAX = 2 ** 30;

export interface FuzzOptions {
  inputs: number;
  seed: number;
  concurrency?: number;
  /** An empty directory. */
  directory: string;
  /** Of the service, such as `FI_QUEUE_EVENTS`. */
  settings?: Readonly<Record<string, string>>;
  /** Told after each third. */
  onThird?: (report: FuzzReport) => void;
}

export interface FuzzReport {
  inputs: number;
  /** Answers by status and code. */
  answers: ReadonlyMap<string, number>;
  /** What was not as it must be; empty if all is well. At most some are listed. */
  faults: readonly string[];
  /** After each third of the inputs. */
  memory: readonly MemoryUse[];
  acceptedEvents: number;
  /** Routes that no input got an answer of success from. */
  neverAccepted: readonly string[];
}

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const dataDir = join(options.directory, 'data');
  await mkdir(dataDir);
  const service = await FuzzedService.start(dataDir, options.settings);
  try {
    const run = new FuzzRun(service, await documentedRoutes(service.port), options);
    await run.sendAll();
    await run.checkStored(dataDir);
    return run.report();
  } finally {
    service.kill();
  }
}

class FuzzRun {
  private readonly accepted = new AcceptedEvents();
  private readonly client: FuzzClient;
  private readonly check: AnswerCheck;
  private readonly maker: InputMaker;
  private readonly consultationIds: string[] = [];
  private readonly eventIds: string[] = [];
  private readonly answers = new Map<string, number>();
  private readonly successes = new Set<Route>();
  private readonly faults: string[] = [];
  private readonly memory: MemoryUse[] = [];
  private sent = 0;
  private storedEvents = 0;

  constructor(
    private readonly service: FuzzedService,
    private readonly routes: readonly Route[],
    private readonly options: FuzzOptions,
  ) {
    this.client = new FuzzClient(service.port);
    this.check = answerCheck(routes, [options.directory, REPOSITORY, process.execPath]);
    this.maker = inputMaker(routes, () => [...this.consultationIds, ...this.eventIds]);
  }

  async sendAll(): Promise<void> {
    for (let count = 0; count < CONSULTATIONS; count += 1) await this.startConsultation();
    for (let third = 1; third <= THIRDS; third += 1) {
      const end = Math.floor((this.options.inputs * third) / THIRDS);
      const { concurrency = CONCURRENCY } = this.options;
      await Promise.all(Array.from({ length: concurrency }, () => this.sendUpTo(end)));
      this.memory.push(await this.service.memoryUse());
      this.options.onThird?.(this.report());
    }
    this.client.close();
    const [first, last] = [this.memory[0], this.memory.at(-1)];
    const growthBytes = (last?.heapBytes ?? 0) - (first?.heapBytes ?? 0);
    if (growthBytes > HEAP_GROWTH_BYTES_MAX) this.note(`the heap grew by ${growthBytes} bytes`);
  }

  /** A consultation that inputs can name. */
  private async startConsultation(): Promise<void> {
    const route = this.routes.find(
      ({ method, path }) => method === 'POST' && path === '/consultations',
    ) as Route;
    const headers = { 'content-type': 'application/json' };
    const body = Buffer.from('{"user_id":"fuzz"}');
    await this.sendHttp({ route, method: 'POST', target: '/consultations', headers, body }, 'start');
  }

  private async sendUpTo(end: number): Promise<void> {
    while (this.sent < end && this.faults.length < FAULTS_MAX) {
      const number = this.sent;
      this.sent += 1;
      // Each input has numbers of its own, whatever order the answers come in.
      const random = seededRandom(this.options.seed * 1_000_003 + number);
      if (random() * 100 < RAW_PERCENT) await this.sendRaw(random, number);
      else await this.sendHttp(this.maker.next(random), `input ${number}`);
      if (!this.service.isRunning) this.note(`the service ended at input ${number}`);
    }
  }

  private async sendHttp(input: HttpInput, name: string): Promise<void> {
    const { route, method, body } = input;
    const answer = await this.client
      .send(input)
      .catch((error: Error) => this.note(`${name}: ${error.message}`));
    if (answer === undefined) {
      this.note(`no answer to ${name}: ${described(input)}`);
      return;
    }
    this.judge(answer, isAsMade(input) ? route : undefined, () => `${name}: ${described(input)}`);
    if (answer.status >= 300) return;
    if (isAsMade(input)) this.successes.add(route);
    if (method !== 'POST' || body === undefined) return;
    this.accepted.accept(body.toString(), answer.text);
    this.learnIds(answer.text);
  }

  private async sendRaw(random: Random, number: number): Promise<void> {
    const input = rawInput(random, this.consultationIds.slice(0, CONSULTATIONS));
    const name = (): string =>
      `input ${number}, raw: ${JSON.stringify(Buffer.concat(input.pieces).toString('latin1').slice(0, 600))}`;
    try {
      for (const answer of await sendRaw(this.service.port, input)) this.judge(answer, undefined, name);
    } catch (error) {
      this.note(`${name()}: ${(error as Error).message}`);
    }
  }

  private judge(answer: Answer, route: Route | undefined, name: () => string): void {
    const code = answer.status < 400 ? '' : (/"code":"([A-Z_]+)"/.exec(answer.text)?.[1] ?? '');
    this.count(`${answer.status} ${code}`.trim());
    for (const fault of this.check.faults(answer, route)) {
      this.note(`${fault}: ${name()} -> ${answer.status} ${answer.text.slice(0, 300)}`);
    }
  }

  private count(outcome: string): void {
    this.answers.set(outcome, (this.answers.get(outcome) ?? 0) + 1);
  }

  private note(fault: string): undefined {
    if (this.faults.length < FAULTS_MAX) this.faults.push(fault);
  }

  private learnIds(text: string): void {
    keepSome(this.consultationIds, /"consultation_id":"([^"]+)"/.exec(text)?.[1]);
    keepSome(this.eventIds, /"event_id":"([^"]+)"/.exec(text)?.[1]);
  }

  /** What is stored is what was acknowledged; every chain holds; nothing was written beside the data directory. */
  async checkStored(dataDir: string): Promise<void> {
    const exitCode = await this.service.stop();
    if (exitCode !== 0) this.note(`the service stopped with exit code ${exitCode}`);
    for (const complaint of this.service.complaints)
      this.note(`the service complained: ${complaint.slice(0, 500)}`);
    const program = promisify(execFile);
    const settings = { env: { PATH: process.env.PATH }, maxBuffer: EXPORT_BYTES_MAX };
    const exported = await program(
      process.execPath,
      [PROGRAM, 'export', '--data-dir', dataDir, '--output', '-'],
      settings,
    );
    const stored = eventsOfExport(exported.stdout);
    this.storedEvents = stored.length;
    for (const fault of this.accepted.faults(stored)) this.note(fault);
    await program(process.execPath, [PROGRAM, 'verify', '--data-dir', dataDir], settings).catch(
      (error: Error) => this.note(`verify: ${error.message}`),
    );
    const beside = await readdir(this.options.directory);
    if (beside.length !== 1) this.note(`there is more than the data directory: ${beside.join(', ')}`);
  }

  report(): FuzzReport {
    return {
      inputs: this.sent,
      answers: this.answers,
      faults: this.faults,
      memory: this.memory,
      acceptedEvents: this.storedEvents,
      neverAccepted: this.routes
        .filter((route) => !this.successes.has(route))
        .map(({ method, path }) => `${method} ${path}`),
    };
  }
}

/** Whether a request is one to the route that it was made from. */
function isAsMade({ route, method, target }: HttpInput): boolean {
  const pattern = route.path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/?#]+');
  return method === route.method && new RegExp(`^${pattern}([?#]|$)`).test(target);
}

function described({ method, target, headers, body }: HttpInput): string {
  return `${method} ${target.slice(0, 200)} ${JSON.stringify(headers).slice(0, 300)} ${body?.toString().slice(0, 500) ?? ''}`;
}

/** Keeps the first half for good, and of the rest what came last. */
function keepSome(ids: string[], id: string | undefined): void {
  if (id === undefined || ids.includes(id)) return;
  if (ids.length === KNOWN_IDS_MAX) ids.splice(KNOWN_IDS_MAX / 2, 1);
  ids.push(id);
}
