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
  /** Headers of one request; a browser behind two proxies sends about 30. */
  headersMax: 100,
  /** The path and the query of one request; the longest of ours has some 200. */
  urlCharsMax: 2048,
  /** A path parameter; an id is 36 characters. */
  pathParameterCharsMax: 100,
  /** A JSON Pointer in an answer: its names are the client's, and may be as long as a body. */
  errorPathCharsMax: 256,
  /** Sockets open at the same time: all who follow, and as many again as a service has clients. */
  connectionsMax: 12_000,
  /** From the first byte of a request, or from connecting, to the end of its headers. */
  requestHeadMs: 10_000,
  /** From the first byte of a request to its last; a body of 1 MiB takes this at 35 KB/s. */
  requestMs: 30_000,
  /** A streamed upload ends when this long nothing of it is sent and nothing of its answer is read. */
  streamIdleMs: 30_000,
  /** After a streamed upload was refused: what its client still sends is passed over for this long. */
  streamLingerMs: 2000,
  /** How often connections that are too slow are looked for; one lives up to this much longer. */
  connectionCheckMs: 2_000,
  /** How long a connection may wait for its next request. */
  keepAliveMs: 30_000,
  /** A request that takes longer has a line in the log: twice the budget's target for the whole request. */
  slowRequestMs: 1000,
  /** Such lines in a second; the rest is counted. */
  slowLinesMax: 10,
  /** Nesting of a JSON body; the deepest payload of the contract needs 5. */
  jsonDepthMax: 32,
  /**
   * Values of one JSON body: its commas and the brackets that open, so that a nested object or array counts twice. A
   * message of a batch counts nine.
   */
  jsonValuesMax: 10_000,
  /** Fields among them. One with a key of its own takes 1 µs to read and to put in order, ten times that of an item. */
  jsonFieldsMax: 5_000,
  /** A body from which on it is read in several turns of the event loop; a MiB takes up to 5 ms at each step. */
  largeBodyBytesMin: 64 * 1024,
  userIdCharsMax: 128,
  /** Field errors in one answer. */
  fieldErrorsMax: 20,
  /** Events in one append. */
  batchEventsMax: 1000,
  /** Events in one batch over HTTP: it is decided in one go, at 10 µs an event of 1 KB. */
  batchBodyEventsMax: 250,
  /** A body that fits into one packet of a network arrives no sooner when it is compressed. */
  compressedBytesMin: 1400,
  /** How long an Idempotency-Key is known, unless it is set otherwise. Clients give up on a request long before. */
  idempotencyHoursDefault: 24,
  idempotencyHoursMax: 720,
  idempotencyKeyCharsMax: 255,
  /** A page of GET events. */
  pageEventsMax: 1000,
  pageEventsDefault: 100,
  /** Bytes of events in a page, unless one alone is larger. To join and encode them holds the event loop for 4 ms. */
  pageBytesMax: 2 * 1024 * 1024,
  /** Events that are read from the store together, before their sizes are known; at 1 MiB each, 128 MiB. */
  readEventsMax: 128,
  /** A page of GET consultations; each takes about 10 microseconds to find and to write. */
  pageConsultationsMax: 200,
  pageConsultationsDefault: 50,
  /** States of the past that are folded at the same time, and requests that wait for one. Each takes some MB and ms. */
  pastReadsMax: 2,
  pastReadsWaitingMax: 64,
  /** Events between two versions that are compared. */
  differenceEventsMax: 5000,
  /** How long a read waits for the index to have every durable event, which takes it some milliseconds. */
  indexWaitMs: 2_000,
  /** Bytes of links that one block of the journal, and so one fdatasync, may hold. */
  blockBytesMax: 8 * 1024 * 1024,
  /** One journal, when the disk lets no new one be begun; places in it are kept in 32 bits. */
  journalBytesMax: 2 * 1024 ** 3,
  /**
   * Room that is made in the journal at a time. With 64 KiB, blocks of 8 KiB make room too often; from 1 MiB on, the one
   * that makes it takes milliseconds.
   */
  journalRoomBytes: 256 * 1024,
  /**
   * Events waiting for the log, and at most what an operator may let wait in front of it (FI_QUEUE_EVENTS). At
   * 25,000 events/s this is a third of a second.
   */
  queueEventsMax: 8192,
  /** The fewest that may be set: fewer would refuse what a few dozen clients send at the same time. */
  queueEventsMin: 64,
  /** Bytes of links waiting for the log; of bodies waiting in front of it, together with these. */
  queueBytesMax: 64 * 1024 * 1024,
  /** Bounds of FI_QUEUE_MS. Less than a few turns of the loop would refuse at every pause of the collector. */
  queueMsMin: 50,
  queueMsMax: 10_000,
  /**
   * How long requests are worked on before the sockets are read again, when more wait than that: a time, and at
   * least a number, so that a process that gets little of its core does not spend it on reading alone.
   */
  sliceMs: 5,
  sliceRequestsMin: 64,
  /** Requests that are read in one turn and worked on at its end without waiting for others: a few milliseconds of work. */
  enteredMax: 128,
  /** The same while requests are refused: the longer a turn is, the more of them are read and refused at once. */
  sheddingSliceMs: 20,
  sliceMsMax: 50,
  /** Without a dropped request for this long, overload is over. */
  sheddingRestMs: 1000,
  /** A body that is declared larger is large: they have a bound together while they are received. */
  smallBodyBytesMax: 16 * 1024,
  receivingBytesMax: 64 * 1024 * 1024,
  /** Refused requests that are answered together. */
  refusalRunMax: 1024,
  /** Committed events that the index has not taken in yet; each costs about 500 bytes of memory. */
  unindexedEventsMax: 100_000,
  /** Sealed segment files held open for reading; each keeps up to about 2 MB of decoded chunks, 4 under zstd. A page needs few. */
  openSegmentsMax: 4,
  /** How long a change of the manifest waits for another process's, which takes milliseconds. */
  manifestLockMs: 10_000,
  /** How long the thread that reads sealed segments may be at one request, which takes milliseconds. */
  archiveReadMs: 60_000,
  /** Events and bytes of links that one batch of a scan over sealed segments may have. */
  archiveBatchEventsMax: 2048,
  archiveBatchBytesMax: 4 * 1024 * 1024,
  /** Batches of a scan that are made while the one before them is used: the two threads then seldom wait for each other. */
  archiveBatchesAhead: 2,
  /** Events that are read together while the chain of one consultation is checked; at 1 MiB each, 64 MiB. */
  verifyPageEvents: 64,
  /** How long "fi-consult verify" looks for the damaged event in one sealed file. */
  verifyLocateMs: 60_000,
  /** Damages that the JSON form of "fi-consult verify" lists; the rest is counted. */
  verifyListedDamagesMax: 10_000,
  /** After the index could not be written (a full disk), until it is tried again. */
  indexRetryMs: 5_000,
  /** How often the age of the journal is looked at. */
  rollCheckMs: 1000,
  /** After sealing a segment failed (a full disk), until it is tried again. */
  sealRetryMs: 30_000,
  /**
   * How long the thread that seals waits for the next segment before it ends: to load HDF5 again costs 0.7 s of a
   * core, to keep it some 60 MB. A busy log fills a segment in seconds.
   */
  sealThreadIdleMs: 30_000,
  /** How often an append is decided anew because what it built on was refused or overtaken. */
  decisionsMax: 4,
  /** Consultation heads kept in memory; each is about 400 bytes. */
  cachedHeadsMax: 20_000,
  /**
   * States kept in memory, as an estimate of their bytes: the JSON text, and twice that for the same state as
   * objects. One state is kept whatever its size.
   */
  cachedStateBytesMax: 16 * 1024 * 1024,
  /** A state is kept on disk once it is this many events, and this share of its version, past the one there. */
  snapshotEventsMin: 64,
  snapshotVersionShare: 0.1,
  /** The largest state that is kept on disk: about 30,000 messages. A longer one is folded from its events. */
  snapshotBytesMax: 8 * 1024 * 1024,
  /** Free space of the disk below which states are no longer written to it: it is left to events. */
  snapshotFreeBytesMin: 256 * 1024 * 1024,
  /** New objects of a worker thread's heap; V8 would let them grow to 48 MiB before it looks for garbage. */
  threadYoungMebibytesMax: 6,
  /** How long one read may hold the event loop before others have their turn. */
  turnMs: 3,
  /** Who follows the events, at the same time; docs/FEED.md has what each costs. */
  subscribersMax: 10_000,
  /** The newest events that the feed keeps for those who follow at the head: a fifth of a second at full speed. */
  feedTailEventsMax: 4096,
  feedTailBytesMax: 4 * 1024 * 1024,
  /** Stored bytes of events that one who follows is given at once; one event is given whatever its size. */
  feedBatchBytesMax: 64 * 1024,
  /** Events that the feed reads together; a page of the history ends at a multiple of this. */
  feedPageEvents: 128,
  /** Of these, how many are read first, to see how large they are: at 1 MiB each, 8 MiB. */
  feedPageFirstEvents: 8,
  /** Pages of the history that are read at the same time, and that are kept for the next who asks. */
  feedReadsMax: 4,
  feedPagesMax: 4,
  /** After so many events that it does not want, one who follows is told how far the feed is. */
  feedProgressEvents: 10_000,
  /** How many of those who follow are served before others have their turn; each takes some 10 µs. */
  feedWakesPerTurn: 32,
  /** How long the feed rests after serving, as a share of the time that it took. */
  feedRestShare: 1,
  /** A client that follows and was sent nothing for so long is sent a heartbeat; proxies cut at 30 or 60 s. */
  heartbeatMs: 15_000,
  /** How often heartbeats, stalls and ends of streams are looked at, and how many heartbeats are sent then. */
  streamTickMs: 100,
  heartbeatsPerTick: 128,
  /** How long a client may take nothing of what waits for it: a batch of 64 KiB in this is 2 KB/s. */
  streamStallMs: 30_000,
  /** What may wait for all clients together that are sent events. */
  streamWaitingBytesMax: 64 * 1024 * 1024,
  /** How long a client is given to take the last words of a stream. */
  streamGoodbyeMs: 2000,
  /** After how long a client comes back that was told to: the shortest, and what chance adds. */
  streamRetryMsMin: 1000,
  streamRetryMsSpread: 4000,
  /** How long the log is idle before it writes a block that proves its last one durable. */
  confirmDelayMs: 200,
  /**
   * Between a commit and the index learning of it. Each commit of the index costs a sync and a copy of every page that it
   * changes; until then memory answers, and who needs the index has it told at once.
   */
  indexDelayMs: 100,
  /**
   * How nice the threads that follow the log are to those that answer requests (ops/thread-priority.ts). The index less than
   * the others: appends wait for it once it is `unindexedEventsMax` behind. It needs a fifth of a core at 20,000 events/s.
   */
  indexThreadNice: 4,
  followerThreadNice: 8,
  /** The same for commands that are in no hurry, beside a service: verify and repack. The most there is: they get what is left over. */
  toolNice: 19,
  /** How often the files of keys are looked at for a change: a revoked key is refused this long after, and a read. */
  credentialPollMs: 500,
  /** Tokens that were verified and are kept until they expire; each is about 300 bytes. */
  cachedTokensMax: 10_000,
  /** How far the clocks of an issuer of tokens and of this machine may be apart. */
  tokenClockToleranceSeconds: 5,
  /** Who owns a consultation, kept in memory; each is about 200 bytes. */
  cachedOwnersMax: 20_000,
  /** How long access is gathered before it is written to the audit trail: what a kill can take from it. */
  auditDelayMs: 500,
  /** Entries of one line of the trail; a line is encoded in one go, at about 8 µs an entry. */
  auditLineEntriesMax: 500,
  /** Entries that wait for the trail, each about 400 bytes of memory. Past them nothing is answered. */
  auditWaitingMax: 65_536,
  /** After the trail could not be written (a full disk), until it is tried again. */
  auditRetryMs: 1000,
  /** One file of the trail; the newest is read at each start. */
  auditFileBytesMax: 16 * 1024 * 1024,
  /** How much of the trail one request may read, so that a search that finds nothing ends too. */
  auditScanBytesMax: 32 * 1024 * 1024,
  /** A page of GET /audit. */
  auditPageMax: 1000,
  auditPageDefault: 100,
  /** How often the head of the trail goes into the service's log, when it has changed. */
  auditNoteMs: 3_600_000,
  /** How often a command looks for news in a journal that a service writes. */
  directoryPollMs: 50,
  /** How long a command waits for the proof of a journal's last block, which a service is about to write. */
  journalProofMs: 1000,
  /** One line of an imported file; the longest real consultation is 26 KB. */
  importLineBytesMax: 8 * 1024 * 1024,
  /** Bytes of lines that an import of events stores together; one more line may come on top. */
  importBatchBytes: 4 * 1024 * 1024,
  /** Consultations that an import sends at the same time. */
  importConcurrencyMax: 64,
  /** Further attempts of one request of an import, and the longest wait before one of them. */
  importRetriesMax: 8,
  importRetryWaitMsMax: 10_000,
  /** How long an import waits for the answer to one request. */
  importRequestMs: 30_000,
  /** Free space at which a disk that was full counts as having room again: the largest block of the journal. */
  roomBytesMin: 8 * 1024 * 1024,
  /** How long a service whose log failed goes on saying so, before it stops. */
  failureShownMs: 1000,
  /** How long "fi-consult torture" may run, and how many clients it may have. */
  tortureMinutesMax: 24 * 60,
  tortureClientsMax: 256,
  /** How long "fi-consult torture" waits for the answer to one request, and for a process to end by itself. */
  tortureRequestMs: 20_000,
  tortureExitMs: 60_000,
  /** The longest path of a Unix socket that Linux takes, without the byte that ends it. */
  socketPathBytesMax: 107,
  /** One call to a store in another process. JSON writes a body of a mebibyte in up to six times its bytes. */
  socketCallBytesMax: 16 * 1024 * 1024,
  /** One answer of it: a state has no bound but memory. */
  socketAnswerBytesMax: 512 * 1024 * 1024,
  /** Calls of one worker that the store works on at the same time; further ones wait in the socket. */
  socketCallsMax: 4096,
  /** Bytes of answers that a worker has not taken, past which no more of its calls are read. */
  socketWaitingBytesMax: 16 * 1024 * 1024,
  /** Calls of a worker that are not answered yet, those that wait for events of a feed left out. */
  callsMax: 8192,
  /** How long a call may take. The longest is the check of a long consultation. */
  callMs: 60_000,
  /** How often the store tells its workers how busy it is, if that has changed; and if it has not. */
  loadTellMs: 100,
  storeBeatMs: 1000,
  /** Looks at a connection to the store, a beat apart, that may find nothing new before it counts as broken. */
  silentBeatsMax: 5,
  /** The first and the longest pause between two attempts to reach the store. */
  reconnectMsMin: 10,
  reconnectMsMax: 250,
  /** How long a worker may take to say its figures. */
  figuresMs: 250,
  /** API workers that may be set. */
  workersMax: 64,
  /** How long a worker that stops goes on serving its connections, so that each is told to close with an answer. */
  drainMs: 3000,
  /** How long a graceful stop waits for requests in flight. */
  shutdownMs: 10_000,
} as const;

assert(limits.bodyBytesMax < limits.blockBytesMax, 'one event always fits a block');
assert(limits.journalBytesMax + limits.blockBytesMax < 2 ** 32, 'places in a journal fit 32 bits');
assert(limits.blockBytesMax <= limits.roomBytesMin, 'where there is room again a block fits');
assert(limits.blockBytesMax <= limits.queueBytesMax, 'a full block fits the queue');
assert(limits.jsonFieldsMax <= limits.jsonValuesMax, 'fields are values');
assert(limits.urlCharsMax < limits.headerBytesMax, 'the longest URL fits the head of a request');
assert(limits.requestHeadMs <= limits.requestMs, 'headers come before the rest of a request');
assert(
  limits.queueEventsMin < limits.queueEventsMax && limits.queueMsMin < limits.queueMsMax,
  'there is a choice',
);
assert(limits.bodyBytesMax <= limits.receivingBytesMax, 'any body may be received when no other is');
assert(limits.queueMsMax <= limits.requestMs, 'what waits is dropped before its client is');
assert(limits.headerBytesMax < limits.bodyBytesMax, 'what describes a body is smaller than the body');
assert(limits.batchEventsMax <= limits.queueEventsMax, 'a full batch fits the queue');
assert(limits.batchEventsMax < 2 ** 16, 'the length of an append fits its record');
assert(limits.batchBodyEventsMax <= limits.batchEventsMax, 'a batch over HTTP is one append');
assert(
  limits.importBatchBytes + limits.importLineBytesMax <= limits.queueBytesMax,
  'a batch of imported events fits the queue',
);
assert(limits.confirmDelayMs < limits.journalProofMs, 'an idle log proves its last block in time');
assert(limits.indexThreadNice <= limits.followerThreadNice, 'appends may have to wait for the index alone');
assert(limits.indexDelayMs < limits.indexWaitMs, 'the index hears of an event while a read waits for it');
assert(limits.pageConsultationsDefault <= limits.pageConsultationsMax, 'the default list fits the limit');
assert(limits.bodyBytesMax < limits.pageBytesMax, 'a page is more than an event');
assert(limits.auditLineEntriesMax <= limits.auditWaitingMax, 'a line of the trail may wait');
assert(limits.auditPageDefault <= limits.auditPageMax, 'the default page of the trail fits the limit');
assert(limits.pageEventsDefault <= limits.pageEventsMax, 'the default page fits the limit');
assert(
  limits.subscribersMax + 1000 <= limits.connectionsMax,
  'those who follow leave room for those who write',
);
assert(limits.feedPageEvents <= limits.feedTailEventsMax, 'what is read for the tail fits it');
assert(limits.streamGoodbyeMs < limits.shutdownMs, 'streams end before a stop cuts them off');
assert(4 * limits.feedBatchBytesMax < limits.streamWaitingBytesMax, 'one slow client is not too much');
assert(6 * limits.bodyBytesMax < limits.socketCallBytesMax, 'every body fits a call to the store');
assert(limits.loadTellMs <= limits.storeBeatMs, 'a beat is a number of looks');
