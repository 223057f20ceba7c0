/** Opens the real store in a directory, with settings that suit tests. */
import { pino } from 'pino';
import { createStageTimers } from '../../src/ops/stage-timers.js';
import { type LocalStore, type LocalStoreOptions, openLocalStore } from '../../src/store/open-local-store.js';

export function openTestStore(
  dataDir: string,
  overrides: Partial<LocalStoreOptions> = {},
): Promise<LocalStore> {
  return openLocalStore({
    dataDir,
    durability: 'fsync',
    codec: 'gzip:4',
    roll: { events: 1e6, bytes: 1e9, ageMs: 1e9 },
    mirrorMs: 1000,
    logger: pino({ level: 'silent' }),
    timers: createStageTimers(),
    onFailed: (error) => {
      throw error;
    },
    ...overrides,
  });
}
