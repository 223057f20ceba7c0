/** What a profile is told: how it is loaded or whom it attaches to, for how long, and where it is written. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './portable-url.js';
import type { ProfileStage } from './stages.js';

export const PROFILE_KINDS = ['cpu', 'lines', 'heap', 'flame'] as const;
export type ProfileKindName = (typeof PROFILE_KINDS)[number];

/** `ceiling`: a Fastify route that validates and answers the same, and stores nothing (bench/support/ceiling-server.ts). */
export const SERVERS = ['service', 'ceiling'] as const;

export interface ProfileOptions {
  /** The folder below `profiles/<kind>/`. */
  name: string;
  /** Where it is written, instead of `profiles/<kind>/<name>`. */
  output?: string;
  /** What is started and loaded. */
  server: (typeof SERVERS)[number];
  seconds: number;
  warmUpSeconds: number;
  connections: number;
  /** A fixed rate; without one the service is asked as fast as it answers. */
  rate?: number;
  /** Attaches to this process and sends it nothing. Otherwise a service is started and loaded. */
  pid?: number;
  /** Of the service that `pid` is: its appends are then counted. */
  url?: string;
  /** Between two samples of the processor's time. */
  intervalUs: number;
  /** Functions are counted in this stage only. */
  stage?: ProfileStage;
  corpus: readonly string[];
  seed: number;
  /** Where the scratch directory of the service is made. */
  dataDir: string;
}

export const DEFAULT_OPTIONS: ProfileOptions = {
  name: 'last',
  server: 'service',
  seconds: 10,
  warmUpSeconds: 3,
  connections: 64,
  intervalUs: 250,
  corpus: [],
  seed: 1,
  dataDir: tmpdir(),
};

/** The folder that a profile is written to. */
export function outputOf(kind: ProfileKindName, { name, output }: ProfileOptions): string {
  return output ?? join(ROOT, 'profiles', kind, name);
}
