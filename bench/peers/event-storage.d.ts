/** The part of event-storage that the comparison uses. */
declare module 'event-storage' {
  import type { EventEmitter } from 'node:events';

  interface StorageConfig {
    /** fsync with every flush of a write buffer. */
    syncOnFlush: boolean;
    /** Bytes; a document that is larger than four fifths of it is not synced before its callback. */
    writeBufferSize: number;
    /** The file that a document goes to. */
    partitioner?: () => string;
    /** So many documents are flushed at once; 0 is as many as fit. */
    maxWriteBufferDocuments: number;
    indexOptions: { syncOnFlush: boolean };
  }
  export class EventStore extends EventEmitter {
    constructor(name: string, config: { storageDirectory: string; storageConfig: StorageConfig });
    /** Events in all. */
    readonly length: number;
    /** Calls back after the flush that the events were in. Throws if the stream is at another version. */
    commit(stream: string, events: object, expectedVersion: number, callback: () => void): void;
    close(): void;
  }
}
