/**
 * What access costs an append: the same durable appends with FI_AUTH=off, keys and jwt, the last two with the audit
 * trail, in one run.
 *
 * The services run in turn, several times, against the same client with the same bodies; the figures to quote are the
 * ratios of their rates, round by round. Processor time is that of all threads of a service, from /proc: unlike a rate it
 * hardly changes with what else runs on the machine. With as many consultations as requests in half a second every append has an
 * entry of its own in the trail, which is the most it can cost.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { SignJWT } from 'jose';
import { updateKeyFile } from '../src/access/key-file.js';
import { keyText, newKey, secretHash } from '../src/access/key-secret.js';
import { nodeDisk } from '../src/ops/disk.js';
import { closedLoop } from './harness/closed-loop.js';
import { postRequest } from './harness/http-connection.js';
import { cpuSecondsOf } from './harness/service-under-test.js';
import { type BenchProcess, startProcess } from './support/bench-process.js';

const SERVICE = new URL('../src/cli/fi-consult.js', import.meta.url);
const USER = 'dr-bench';
const MODES = ['off', 'keys', 'jwt'] as const;
type Mode = (typeof MODES)[number];

interface BenchOptions {
  connections: number;
  consultations: number;
  seconds: number;
  rounds: number;
  dataDir: string;
}

interface Candidate {
  process: BenchProcess;
  headers: Record<string, string>;
  ids: readonly string[];
}

/** The settings of a mode, and the headers of somebody who is let in. */
async function prepared(mode: Mode, dataDir: string) {
  if (mode === 'off') return { env: {}, headers: {} };
  if (mode === 'keys') {
    const parts = newKey();
    const key = {
      id: parts.id,
      subject: USER,
      role: 'clinician',
      secret_sha256: secretHash(parts.secret).toString('hex'),
      created_at: new Date().toISOString(),
      expires_at: null,
      revoked_at: null,
    } as const;
    await updateKeyFile(nodeDisk, dataDir, () => ({ keys: [key], result: undefined }));
    return { env: { FI_AUTH: 'keys' }, headers: { authorization: `Bearer ${keyText(parts)}` } };
  }
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwksFile = join(dataDir, 'jwks.json');
  await writeFile(jwksFile, JSON.stringify({ keys: [publicKey.export({ format: 'jwk' })] }));
  const claims = { iss: 'bench', aud: 'bench', sub: USER, role: 'clinician' };
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256' })
    .setExpirationTime('1d')
    .sign(privateKey);
  const env = {
    FI_AUTH: 'jwt',
    FI_JWT_ISSUER: 'bench',
    FI_JWT_AUDIENCE: 'bench',
    FI_JWT_JWKS_FILE: jwksFile,
  };
  return { env, headers: { authorization: `Bearer ${token}` } };
}

async function started(mode: Mode, dataDir: string, count: number): Promise<Candidate> {
  await mkdir(dataDir);
  const { env, headers } = await prepared(mode, dataDir);
  const process = await startProcess(SERVICE, ['serve', '--port', '0', '--data-dir', dataDir], env);
  const ids: string[] = [];
  for (let made = 0; made < count; made += 1) {
    const body = JSON.stringify({ user_id: USER });
    const response = await fetch(`${process.url}/consultations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    ids.push(((await response.json()) as { consultation_id: string }).consultation_id);
  }
  return { process, headers, ids };
}

/** What one round took: appends a second, and processor microseconds for each; NaN where there is no /proc. */
interface Figures {
  rate: number;
  cpuMicroseconds: number;
}

/** Measures one round. Throws if a single request was not answered with 201. */
async function measured(
  { process, headers, ids }: Candidate,
  { connections, seconds }: BenchOptions,
): Promise<Figures> {
  const payload = { message_content: 'Me duele el pecho desde ayer por la noche.', message_role: 'user' };
  const body = JSON.stringify({ event_type: 'MESSAGE_RECEIVED', payload, user_id: USER });
  const requests = ids.map((id) => postRequest(`/consultations/${id}/events`, body, headers));
  const request = (index: number): Buffer => requests[index % requests.length] as Buffer;
  const before = await cpuSecondsOf(process.pid);
  const result = await closedLoop({ url: process.url, connections, seconds, request, status: 201 });
  if (result.invalid.length > 0) throw new Error(`invalid run: ${result.invalid.join('; ')}`);
  const used = ((await cpuSecondsOf(process.pid)) ?? Number.NaN) - (before ?? Number.NaN);
  return { rate: result.perSecond, cpuMicroseconds: (used * 1e6) / result.answered };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

function report({ connections, consultations, rounds, seconds }: BenchOptions, figures: Figures[][]): string {
  const off = figures[0] ?? [];
  const lines = MODES.map((mode, index) => {
    const own = figures[index] ?? [];
    const ratios = own.map(({ rate }, round) => rate / (off[round]?.rate ?? Number.NaN));
    const spread = `${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)}`;
    const more = own.map((one, round) => one.cpuMicroseconds - (off[round]?.cpuMicroseconds ?? Number.NaN));
    return (
      `FI_AUTH=${mode.padEnd(4)}  ${median(own.map(({ rate }) => rate)).toFixed(0)} appends/s (median), ` +
      `of off ${median(ratios).toFixed(3)} (${spread}), ` +
      `${median(own.map((one) => one.cpuMicroseconds)).toFixed(1)} µs of processor each, ${median(more).toFixed(1)} more than off\n`
    );
  });
  const head = `${connections} connections, ${consultations} consultations, ${rounds} rounds of ${seconds} s`;
  return `${head}, Node ${process.version}\n${lines.join('')}`;
}

async function run(options: BenchOptions): Promise<void> {
  const directory = await mkdtemp(join(options.dataDir, 'fi-consult-bench-'));
  const candidates: Candidate[] = [];
  try {
    for (const mode of MODES)
      candidates.push(await started(mode, join(directory, mode), options.consultations));
    const figures: Figures[][] = MODES.map(() => []);
    for (let round = 0; round <= options.rounds; round += 1) {
      for (const [index, candidate] of candidates.entries()) {
        const figure = await measured(candidate, options);
        // The first round warms all of them up.
        if (round > 0) figures[index]?.push(figure);
      }
    }
    process.stdout.write(report(options, figures));
  } finally {
    for (const candidate of candidates) await candidate.process.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

const program = new Command('bench:access')
  .description('Measures durable appends with FI_AUTH=off, keys and jwt, the last two with the audit trail.')
  .option('--connections <number>', 'connections at the same time', Number, 64)
  .option('--consultations <number>', 'consultations that take turns', Number, 64)
  .option('--seconds <number>', 'length of one round', Number, 5)
  .option('--rounds <number>', 'rounds of each service', Number, 5)
  .option('--data-dir <directory>', 'where the scratch directory is made', tmpdir());
await run(program.parse().opts<BenchOptions>());
