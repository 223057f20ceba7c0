/** `fi-consult inspect`: what is in a data directory and what it takes, for people and for programs. */
import type { Command } from 'commander';
import type { Json, JsonObject } from '../domain/event.js';
import type { SealedSegment } from '../segments/segment-layout.js';
import type { DirectoryReport } from '../store/directory-report.js';
import type { CommandContext } from './command-context.js';
import { startProgress } from './progress.js';
import { DATA_DIR_HELP, dataDirOf, withDirectory } from './read-directory.js';
import { bytesText, grouped, textTable } from './text-table.js';

interface InspectOptions {
  json?: true;
  dataDir?: string;
}

export function registerInspect(program: Command, context: CommandContext): void {
  program
    .command('inspect')
    .description('shows segments, codecs and sizes, the journal and the index of a store')
    .option('--json', 'for programs: one JSON object, sizes in bytes')
    .option('--data-dir <directory>', DATA_DIR_HELP)
    .action((options: InspectOptions) => inspect(options, context));
}

async function inspect(options: InspectOptions, context: CommandContext): Promise<void> {
  const dataDir = dataDirOf(options.dataDir, context);
  const report = await withDirectory(dataDir, async (reader) => {
    // Loaded late: it brings LMDB, which other commands do without.
    const { directoryReport } = await import('../store/directory-report.js');
    let done = 0;
    const progress = startProgress({
      command: 'fi-consult inspect',
      stderr: context.stderr,
      total: async () => (await reader.sealedSegments()).length,
      done: () => done,
      text: () => `${done} segments`,
    });
    try {
      return await directoryReport(reader, dataDir, () => {
        done += 1;
      });
    } finally {
      progress.stop();
    }
  });
  context.stdout.write(
    options.json ? `${JSON.stringify(reportJson(report), null, 1)}\n` : reportText(report),
  );
}

interface Totals {
  events: number;
  sealedEvents: number;
  sealedFileBytes: number;
  sealedLinkBytes: number;
  journalEvents: number;
  journalFileBytes: number;
  liveFileBytes: number;
}

function totalsOf({ segments, journals, liveFiles }: DirectoryReport): Totals {
  const sum = <T>(items: readonly T[], value: (item: T) => number): number =>
    items.reduce((total, item) => total + value(item), 0);
  const sealedEvents = sum(segments, ({ eventCount }) => eventCount);
  const journalEvents = sum(journals, ({ eventCount }) => eventCount);
  return {
    events: sealedEvents + journalEvents,
    sealedEvents,
    sealedFileBytes: sum(segments, ({ fileBytes }) => fileBytes),
    sealedLinkBytes: sum(segments, ({ linkBytes }) => linkBytes),
    journalEvents,
    journalFileBytes: sum(journals, ({ fileBytes }) => fileBytes),
    liveFileBytes: sum(liveFiles, ({ fileBytes }) => fileBytes),
  };
}

/** How many bytes became one; 0 when there are none. */
const ratio = (rawBytes: number, storedBytes: number): number =>
  storedBytes === 0 ? 0 : Number((rawBytes / storedBytes).toFixed(2));
const perEvent = (bytes: number, events: number): number =>
  events === 0 ? 0 : Number((bytes / events).toFixed(2));

function reportJson(report: DirectoryReport): JsonObject {
  const totals = totalsOf(report);
  return {
    head_sequence: report.headSequence,
    segments: report.segments.map(segmentJson),
    columns: report.columns.map(({ path, storedBytes, rawBytes }) => ({
      path,
      stored_bytes: storedBytes,
      raw_bytes: rawBytes,
      bytes_per_event: perEvent(storedBytes, totals.sealedEvents),
    })),
    journals: report.journals.map(({ file, firstSequence, eventCount, fileBytes }) => ({
      file,
      first_sequence: firstSequence,
      events: eventCount,
      file_bytes: fileBytes,
    })),
    live_files: report.liveFiles.map(({ file, fileBytes }) => ({ file, file_bytes: fileBytes })),
    index: {
      file_bytes: report.index.fileBytes,
      applied_sequence: report.index.appliedSequence ?? null,
    },
    totals: {
      events: totals.events,
      sealed_events: totals.sealedEvents,
      sealed_file_bytes: totals.sealedFileBytes,
      sealed_link_bytes: totals.sealedLinkBytes,
      sealed_ratio: ratio(totals.sealedLinkBytes, totals.sealedFileBytes),
      sealed_bytes_per_event: perEvent(totals.sealedFileBytes, totals.sealedEvents),
      journal_events: totals.journalEvents,
      journal_file_bytes: totals.journalFileBytes,
      live_file_bytes: totals.liveFileBytes,
    },
  };
}

function segmentJson(segment: SealedSegment): Json {
  const { file, firstSequence, lastSequence, eventCount, codec, fileBytes, linkBytes, root } = segment;
  return {
    file,
    first_sequence: firstSequence,
    last_sequence: lastSequence,
    events: eventCount,
    codec,
    file_bytes: fileBytes,
    link_bytes: linkBytes,
    ratio: ratio(linkBytes, fileBytes),
    bytes_per_event: perEvent(fileBytes, eventCount),
    root,
  };
}

function reportText(report: DirectoryReport): string {
  const parts = [segmentsText(report), columnsText(report), journalText(report), totalsText(report)];
  return parts.filter((part) => part !== '').join('\n');
}

function segmentsText({ segments }: DirectoryReport): string {
  if (segments.length === 0) return '';
  const head = ['sealed segment', 'from', 'to', 'events', 'codec', 'events take', 'file', 'ratio', 'B/event'];
  const rows = segments.map((one) => [
    one.file,
    grouped(one.firstSequence),
    grouped(one.lastSequence),
    grouped(one.eventCount),
    one.codec,
    bytesText(one.linkBytes),
    bytesText(one.fileBytes),
    ratio(one.linkBytes, one.fileBytes).toFixed(2),
    perEvent(one.fileBytes, one.eventCount).toFixed(1),
  ]);
  return textTable(head, rows, [4]);
}

function columnsText(report: DirectoryReport): string {
  if (report.columns.length === 0) return '';
  const { sealedEvents } = totalsOf(report);
  const rows = report.columns.map(({ path, storedBytes, rawBytes }) => [
    path,
    bytesText(rawBytes),
    bytesText(storedBytes),
    ratio(rawBytes, storedBytes).toFixed(2),
    perEvent(storedBytes, sealedEvents).toFixed(2),
  ]);
  return textTable(['column of all sealed segments', 'raw', 'stored', 'ratio', 'B/event'], rows);
}

function journalText({ journals, liveFiles }: DirectoryReport): string {
  const rows = [
    ...journals.map(({ file, firstSequence, eventCount, fileBytes }) => [
      file,
      grouped(firstSequence),
      grouped(eventCount),
      bytesText(fileBytes),
    ]),
    ...liveFiles.map(({ file, fileBytes }) => [file, '', '', bytesText(fileBytes)]),
  ];
  return rows.length === 0 ? '' : textTable(['journal and live file', 'from', 'events', 'file'], rows);
}

function totalsText(report: DirectoryReport): string {
  const totals = totalsOf(report);
  const { fileBytes, appliedSequence } = report.index;
  const sealed = `${bytesText(totals.sealedFileBytes)}, ratio ${ratio(totals.sealedLinkBytes, totals.sealedFileBytes)}, ${perEvent(totals.sealedFileBytes, totals.sealedEvents)} B/event`;
  const index =
    appliedSequence === undefined
      ? 'not readable; it is made again at the next start'
      : `up to event ${grouped(appliedSequence)}`;
  const rows = [
    ['sealed', grouped(totals.sealedEvents), sealed],
    ['journal', grouped(totals.journalEvents), bytesText(totals.journalFileBytes)],
    ['live file', '', bytesText(totals.liveFileBytes)],
    ['index', '', `${bytesText(fileBytes)}, ${index}`],
    ['all', grouped(totals.events), `newest event ${grouped(report.headSequence)}`],
  ];
  return textTable(['totals', 'events', ''], rows, [2]);
}
