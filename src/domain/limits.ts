/**
 * Every limit of the service, in one place, and how they relate.
 *
 * Units end the names. A limit that an operator may set is in src/ops/settings.ts and has its default here.
 */
import { assert } from './errors.js';

export const limits = {
  /** One request body. A message of the longest real consultations is 3 KB; a whole note is 20 KB. */
  bodyBytesMax: 1024 * 1024,
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
  /** Consultation heads kept in memory; each is about 400 bytes. */
  cachedHeadsMax: 20_000,
  /** Total size of the states kept in memory, as events folded into them. */
  cachedStateEventsMax: 100_000,
  /** Between a commit and the index learning of it. */
  indexDelayMs: 10,
  /** How long a graceful stop waits for requests in flight. */
  shutdownMs: 10_000,
} as const;

assert(limits.bodyBytesMax < limits.blockBytesMax, 'one event always fits a block');
assert(limits.blockBytesMax <= limits.queueBytesMax, 'a full block fits the queue');
assert(limits.batchEventsMax <= limits.queueEventsMax, 'a full batch fits the queue');
assert(limits.pageEventsDefault <= limits.pageEventsMax, 'the default page fits the limit');
