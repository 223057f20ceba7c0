/** The report of `fi-consult torture --json` as rows of docs/RESILIENCE.md. */
import { grouped } from '../../src/cli/text-table.js';
import type { Durations } from '../../src/cli/torture/figures.js';
import type { ResilienceResult } from './page.js';

/** What of the report the page shows. Times are in milliseconds. */
export interface TortureReport {
  passed: boolean;
  stopped_early: boolean;
  seed: number;
  seconds: number;
  crashes: number;
  kills_while_starting: number;
  restarts: number;
  stores: number;
  events_acknowledged: number;
  events_refused: number;
  events_unanswered: number;
  events_resent: number;
  events_checked: number;
  verify_runs: number;
  lost: number;
  altered: number;
  duplicated: number;
  out_of_order: number;
  uninvited: number;
  unexpected: number;
  recovery_ms: Durations | null;
  fsync_ms: Durations | null;
  full_disks: number;
  full_disk_refusals: number;
  full_disk_resumed_ms: Durations | null;
  full_disk_skipped: string | null;
  flips: number;
  flips_start_refused: number;
  flips_named_by_verify: number;
  flips_harmless: number;
}

export function tortureRows(report: TortureReport): ResilienceResult['rows'] {
  const fullDisks =
    report.full_disk_skipped === null
      ? ([
          grouped(report.full_disks),
          `${grouped(report.full_disk_refusals)} appends refused with 507`,
        ] as const)
      : (['skipped', report.full_disk_skipped] as const);
  return [
    ['run', `${(report.seconds / 60).toFixed(1)} minutes`, `seed ${report.seed}`],
    ['crashes (kill -9)', grouped(report.crashes), `${report.kills_while_starting} before it listened`],
    ['restarts (SIGTERM)', grouped(report.restarts), ''],
    ['full disks', ...fullDisks],
    [
      'flipped bytes',
      grouped(report.flips),
      `${report.flips_start_refused} starts refused, ${report.flips_named_by_verify} named by verify, ${report.flips_harmless} harmless`,
    ],
    ['events acknowledged', grouped(report.events_acknowledged), `in ${report.stores} stores`],
    ['events refused', grouped(report.events_refused), 'as they had to be'],
    ['events unanswered', grouped(report.events_unanswered), `${grouped(report.events_resent)} sent again`],
    ['events checked', grouped(report.events_checked), `and ${report.verify_runs} times verify`],
    ['**lost**', `**${report.lost}**`, ''],
    ['altered', grouped(report.altered), ''],
    ['duplicated', grouped(report.duplicated), ''],
    ['out of order', grouped(report.out_of_order), ''],
    ['there though refused', grouped(report.uninvited), ''],
    ['unexpected answers or exits', grouped(report.unexpected), ''],
    ['time to recover', ...durationCells(report.recovery_ms)],
    ['fsync of 4 KiB, beside the load', ...durationCells(report.fsync_ms)],
    ['appends again after a full disk', ...durationCells(report.full_disk_resumed_ms)],
  ];
}

function durationCells(durations: Durations | null): [string, string] {
  if (durations === null) return ['–', ''];
  const { count, p50, p99, max } = durations;
  return [
    `p50 ${p50.toFixed(2)} ms`,
    `p99 ${p99.toFixed(2)} ms, max ${max.toFixed(2)} ms, of ${grouped(count)}`,
  ];
}
