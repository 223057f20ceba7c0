/** The event store's port, for a process that does not own the data directory: every call goes to the one that does. */
import type { AccessEntry, AuditPage, AuditQuery } from '../domain/access-entry.js';
import type { ConsultationState } from '../domain/consultation-state.js';
import { consultationIn } from '../domain/state-text.js';
import type { Load } from '../ops/load.js';
import type {
  AppendCommand,
  Appended,
  AsOf,
  ConsultationCheck,
  ConsultationsPage,
  ConsultationsQuery,
  CreateCommand,
  Created,
  Difference,
  DifferenceQuery,
  Durability,
  EventFeed,
  EventStore,
  EventsPage,
  EventsQuery,
  FollowQuery,
  StateText,
  StoreHealth,
} from '../store/event-store.js';
import { packAppend } from './append-call.js';
import { RemoteFeed } from './remote-feed.js';
import { StoreLink, type StoreLinkOptions } from './store-link.js';
import type { GatheredFigures } from './store-server.js';

export class RemoteEventStore implements EventStore {
  private lastDurability: Durability;
  private lastSequence = 0;

  private constructor(
    private readonly link: StoreLink,
    durability: Durability,
  ) {
    this.lastDurability = durability;
  }

  /** Resolves once the store was reached, however long that takes. Rejects when `signal` is aborted before. */
  static async connect(options: StoreLinkOptions, signal?: AbortSignal): Promise<RemoteEventStore> {
    const link = new StoreLink(options);
    const giveUp = (): void => link.close();
    signal?.addEventListener('abort', giveUp);
    const { durability } = await link.connected();
    signal?.removeEventListener('abort', giveUp);
    return new RemoteEventStore(link, durability);
  }

  /** That of the store that was reached last: another one may have been started meanwhile. */
  get durability(): Durability {
    this.lastDurability = this.link.hello?.durability ?? this.lastDurability;
    return this.lastDurability;
  }

  /** How many workers share the store, this one included. */
  get workers(): number {
    return Math.max(1, this.link.load.workers);
  }

  /** What of this worker waits for the store, and how far the store is behind. */
  load(): Load {
    const { unindexed, unindexedMax } = this.link.load;
    const { events, bytes, ageMs } = this.link.waiting();
    return { events, bytes, ageMs, unindexed, unindexedMax };
  }

  create(command: CreateCommand): Promise<Created> {
    return this.link.call('create', command, 'quick', 1);
  }

  append(command: AppendCommand): Promise<Appended> {
    const { sent, tail } = packAppend(command);
    return this.link.call('append', sent, sent.waitsForRoom ? 'other' : 'quick', sent.events.length, tail);
  }

  async state(consultationId: string, asOf?: AsOf): Promise<ConsultationState> {
    const { json } = await this.stateText(consultationId, asOf);
    return consultationIn(json.toString());
  }

  stateText(consultationId: string, asOf?: AsOf): Promise<StateText> {
    return this.link.call('stateText', asOf === undefined ? { consultationId } : { consultationId, asOf });
  }

  difference(query: DifferenceQuery): Promise<Difference> {
    return this.link.call('difference', query);
  }

  events(query: EventsQuery): Promise<EventsPage> {
    return this.link.call('events', query);
  }

  consultations(query: ConsultationsQuery): Promise<ConsultationsPage> {
    return this.link.call('consultations', query);
  }

  verify(consultationId: string): Promise<ConsultationCheck> {
    return this.link.call('verify', consultationId);
  }

  follow(query: FollowQuery): Promise<EventFeed> {
    return RemoteFeed.open(this.link, query);
  }

  owner(consultationId: string): Promise<string | undefined> {
    return this.link.call('owner', consultationId);
  }

  recordAccess(entries: readonly AccessEntry[]): Promise<void> {
    return this.link.call('recordAccess', entries);
  }

  audit(query: AuditQuery): Promise<AuditPage> {
    return this.link.call('audit', query);
  }

  async health(): Promise<StoreHealth> {
    try {
      const health = await this.link.call('health', null);
      this.lastSequence = health.headSequence;
      return health;
    } catch {
      const reason = 'The store does not answer: it is starting, or is not there.';
      return { ready: false, reason, headSequence: this.lastSequence, details: { store: 'unreachable' } };
    }
  }

  /** The figures of the store and of all its workers. */
  figures(): Promise<GatheredFigures> {
    return this.link.call('figures', null) as Promise<GatheredFigures>;
  }

  /** Lets go of the store, which goes on for others. */
  async close(): Promise<void> {
    this.link.close();
  }
}
