/** The report of a run, as lines for people and as JSON for programs. */
import type { JsonObject } from '../../domain/event.js';
import { grouped, textTable } from '../text-table.js';
import { type Durations, durationsOf } from './figures.js';
import type { TortureResult } from './run-torture.js';

export interface ReportOptions {
  seed: number;
  minutes: number;
  /** It was stopped before its time. */
  isStopped: boolean;
}

/** Whether every promise was kept. */
export const isPassed = ({ findings }: TortureResult): boolean => findings.total === 0;

/** The report; times are in milliseconds. `null` is what was not measured. */
export function reportJson(result: TortureResult, { seed, minutes, isStopped }: ReportOptions): JsonObject {
  const { figures, findings, fsyncMs, seconds } = result;
  const { lost, altered, duplicated, out_of_order, uninvited, unexpected } = findings.counts;
  return {
    passed: isPassed(result),
    stopped_early: isStopped,
    seed,
    minutes,
    seconds: Number(seconds.toFixed(1)),
    crashes: figures.kills + figures.killsWhileStarting,
    kills_under_load: figures.kills,
    kills_while_starting: figures.killsWhileStarting,
    restarts: figures.restarts,
    stores: figures.stores,
    events_acknowledged: figures.eventsAcknowledged,
    events_refused: figures.eventsRefused,
    events_unanswered: figures.eventsUnanswered,
    events_resent: figures.eventsResent,
    events_checked: figures.eventsChecked,
    verify_runs: figures.verifyRuns,
    lost,
    altered,
    duplicated,
    out_of_order,
    uninvited,
    unexpected,
    recovery_ms: durationsJson(durationsOf(figures.recoveryMs)),
    fsync_ms: durationsJson(fsyncMs),
    full_disks: figures.fullDisks,
    full_disk_refusals: figures.fullRefusals,
    full_disk_resumed_ms: durationsJson(durationsOf(figures.resumedMs)),
    full_disk_skipped: figures.fullDiskSkipped ?? null,
    flips: figures.flips,
    flips_start_refused: figures.flipsRefused,
    flips_named_by_verify: figures.flipsNamed,
    flips_harmless: figures.flipsHarmless,
    findings: findings.texts,
  };
}

const durationsJson = (durations: Durations | undefined): JsonObject | null =>
  durations === undefined ? null : { ...durations };

/** The report as lines. */
export function reportText(result: TortureResult, { seed }: ReportOptions): string {
  const { figures, findings, fsyncMs, seconds } = result;
  const { lost, altered, duplicated, out_of_order, uninvited, unexpected } = findings.counts;
  const full = figures.fullDiskSkipped ?? `${grouped(figures.fullRefusals)} appends refused with 507`;
  const flips =
    `${figures.flipsRefused} starts refused, ${figures.flipsNamed} named by verify, ` +
    `${figures.flipsHarmless} harmless`;
  const rows = [
    ['crashes (kill -9)', grouped(figures.kills + figures.killsWhileStarting), startingText(figures)],
    ['restarts (SIGTERM)', grouped(figures.restarts), ''],
    ['full disks', figures.fullDiskSkipped ? 'skipped' : grouped(figures.fullDisks), full],
    ['flipped bytes', grouped(figures.flips), flips],
    ['events acknowledged', grouped(figures.eventsAcknowledged), `in ${figures.stores} stores`],
    ['events refused', grouped(figures.eventsRefused), 'as they had to be'],
    ['events unanswered', grouped(figures.eventsUnanswered), `${grouped(figures.eventsResent)} sent again`],
    ['events checked', grouped(figures.eventsChecked), `and ${grouped(figures.verifyRuns)} times verify`],
    ['lost', grouped(lost), ''],
    ['altered', grouped(altered), ''],
    ['duplicated', grouped(duplicated), ''],
    ['out of order', grouped(out_of_order), ''],
    ['there though refused', grouped(uninvited), ''],
    ['unexpected', grouped(unexpected), ''],
    ['time to recover', ...durationCells(durationsOf(figures.recoveryMs))],
    ['fsync of 4 KiB', ...durationCells(fsyncMs)],
    ['back after a full disk', ...durationCells(durationsOf(figures.resumedMs))],
  ];
  const title = `${(seconds / 60).toFixed(1)} minutes, seed ${seed}`;
  return textTable([title, '', ''], rows, [2]);
}

const startingText = ({ killsWhileStarting }: TortureResult['figures']): string =>
  `${killsWhileStarting} of them before it listened`;

function durationCells(durations: Durations | undefined): [string, string] {
  if (durations === undefined) return ['–', ''];
  const { count, p50, p99, max } = durations;
  return [`${p50.toFixed(2)} ms`, `p50; p99 ${p99.toFixed(2)}, max ${max.toFixed(2)}, of ${grouped(count)}`];
}
