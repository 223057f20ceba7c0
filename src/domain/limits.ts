/**
 * Every limit of the service, in one place, and how they relate.
 *
 * Units end the names. A limit that an operator may set is in src/ops/settings.ts and has its default here.
 */
import { assert } from './errors.js';

export const limits = {
  /** One request body. A message of the longest real consultations is 3 KB; a whole note is 20 KB. */
  bodyBytesMax: 1024 * 1024,
  /** The request line and headers of one request. */
  headerBytesMax: 16 * 1024,
  /** A path parameter; an id is 36 characters. */
  pathParameterCharsMax: 100,
  /** A JSON Pointer in an answer: its names are the client's, and may be as long as a body. */
  errorPathCharsMax: 256,
  /** Sockets open at the same time. */
  connectionsMax: 10_000,
  /** From the first byte of a request to its last; a body of 1 MiB takes this at 35 KB/s. */
  requestMs: 30_000,
  /** How long a connection may wait for its next request. */
  keepAliveMs: 30_000,
  /** A request that takes longer has a line in the log: twice the budget's target for the whole request. */
  slowRequestMs: 1000,
  /** Nesting of a JSON body; the deepest payload of the contract needs 5. */
  jsonDepthMax: 32,
  /** Fields and array items of one JSON body. */
  jsonValuesMax: 20_000,
  userIdCharsMax: 128,
  /** Field errors in one answer. */
  fieldErrorsMax: 20,
  /** Events in one append. */
  batchEventsMax: 1000,
  /** A page of GET events. */
  pageEventsMax: 1000,
  pageEventsDefault: 100,
  /** Bytes of links that one block of the journal, and so one fdatasync, may hold. */
  blockBytesMax: 8 * 1024 * 1024,
  /** Events waiting for the log. At 25,000 events/s this is a third of a second. */
  queueEventsMax: 8192,
  /** Bytes of links waiting for the log. */
  queueBytesMax: 64 * 1024 * 1024,
  /** Committed events that the index has not taken in yet; each costs about 500 bytes of memory. */
  unindexedEventsMax: 100_000,
  /** Sealed segment files held open for reading; each keeps up to about 2 MB of decoded chunks. */
  openSegmentsMax: 16,
  /** Events and bytes of links that one batch of a scan over sealed segments may have. */
  archiveBatchEventsMax: 2048,
  archiveBatchBytesMax: 4 * 1024 * 1024,
  /** How often the age of the journal is looked at. */
  rollCheckMs: 1000,
  /** After sealing a segment failed (a full disk), until it is tried again. */
  sealRetryMs: 30_000,
  /** How often an append is decided anew because what it built on was refused or overtaken. */
  decisionsMax: 4,
  /** Consultation heads kept in memory; each is about 400 bytes. */
  cachedHeadsMax: 20_000,
  /** Total size of the states kept in memory, as events folded into them. */
  cachedStateEventsMax: 100_000,
  /** How long the log is idle before it writes a block that proves its last one durable. */
  confirmDelayMs: 200,
  /** Between a commit and the index learning of it. */
  indexDelayMs: 10,
  /** One line of an imported file; the longest real consultation is 26 KB. */
  importLineBytesMax: 8 * 1024 * 1024,
  /** Consultations that an import sends at the same time. */
  importConcurrencyMax: 64,
  /** Further attempts of one request of an import, and the longest wait before one of them. */
  importRetriesMax: 8,
  importRetryWaitMsMax: 10_000,
  /** How long an import waits for the answer to one request. */
  importRequestMs: 30_000,
  /** How long a graceful stop waits for requests in flight. */
  shutdownMs: 10_000,
} as const;

assert(limits.bodyBytesMax < limits.blockBytesMax, 'one event always fits a block');
assert(limits.blockBytesMax <= limits.queueBytesMax, 'a full block fits the queue');
assert(limits.headerBytesMax < limits.bodyBytesMax, 'what describes a body is smaller than the body');
assert(limits.batchEventsMax <= limits.queueEventsMax, 'a full batch fits the queue');
assert(limits.pageEventsDefault <= limits.pageEventsMax, 'the default page fits the limit');
