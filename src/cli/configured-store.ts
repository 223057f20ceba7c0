/** Opens the embedded store as the settings say. */
import type { Logger } from '../ops/logger.js';
import type { Settings } from '../ops/settings-table.js';
import { createStageTimers, type StageTimers } from '../ops/stage-timers.js';
import { type LocalStore, openLocalStore } from '../store/open-local-store.js';

export interface ConfiguredStoreOptions {
  logger: Logger;
  timers?: StageTimers;
  /** What else a start has to do (LocalStoreOptions). */
  meanwhile?: (() => Promise<void>) | undefined;
  /** The store can keep its promises no longer; the process must stop. */
  onFailed: (error: Error) => void;
}

export function openConfiguredStore(
  settings: Settings,
  options: ConfiguredStoreOptions,
): Promise<LocalStore> {
  const {
    dataDir,
    durability,
    codec,
    segmentEvents,
    segmentBytes,
    segmentSeconds,
    mirrorMs,
    idempotencyHours,
  } = settings;
  return openLocalStore({
    dataDir,
    durability,
    codec,
    mirrorMs,
    keysKeptMs: idempotencyHours * 3_600_000,
    roll: { events: segmentEvents, bytes: segmentBytes, ageMs: segmentSeconds * 1000 },
    logger: options.logger,
    timers: options.timers ?? createStageTimers(),
    onFailed: options.onFailed,
    meanwhile: options.meanwhile,
  });
}
