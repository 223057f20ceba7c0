/** Makes appends for a log: links with right versions and hash chains, for consultations by name. */
import { encodeLink, GENESIS_HASH, sha256Latin1 } from '../../src/domain/stored-event.js';
import { uuidV7Generator } from '../../src/domain/uuid.js';
import type { LogAppend } from '../../src/log/commit-log.js';

interface Chain {
  id: string;
  version: number;
  hash: string;
}

export class ChainedLinks {
  private readonly nextId = uuidV7Generator(Buffer.alloc(10, 1));
  private readonly chains = new Map<string, Chain>();

  /** An append of `count` further events of a consultation. */
  next(name: string, count = 1, text = 'hello'): LogAppend {
    const chain = this.chain(name);
    const expectedVersion = chain.version;
    const links = Array.from({ length: count }, () => {
      chain.version += 1;
      const link = encodeLink(
        {
          eventId: this.nextId(1_700_000_000_000 + chain.version),
          consultationId: chain.id,
          sessionId: chain.id,
          timestampMs: 1_700_000_000_000 + chain.version,
          version: chain.version,
          type: chain.version === 1 ? 'CONSULTATION_STARTED' : 'MESSAGE_RECEIVED',
          source: 'test',
          timezone: 'UTC',
          userId: `user of ${name}`,
          payload: JSON.stringify({ message_content: `${text} ${chain.version}`, message_role: 'user' }),
        },
        chain.hash,
      );
      chain.hash = sha256Latin1(link);
      return link;
    });
    return { consultationId: chain.id, expectedVersion, links };
  }

  /** An append of one event, without going on from it. */
  peek(name: string): LogAppend {
    const before = { ...this.chain(name) };
    const append = this.next(name);
    this.chains.set(name, before);
    return append;
  }

  private chain(name: string): Chain {
    const known = this.chains.get(name);
    if (known !== undefined) return known;
    const chain = { id: this.nextId(1_700_000_000_000), version: 0, hash: GENESIS_HASH };
    this.chains.set(name, chain);
    return chain;
  }
}
