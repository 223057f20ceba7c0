/** SQLite as a peer in the server's own thread, which it blocks: a transaction for each append, or for all of a turn. */
import { byTurn, type PeerLog } from './peer-log.js';
import { openSqliteEvents } from './sqlite-events.js';

/** `grouped`: one transaction for all that came within one turn of the event loop: more, the longer the last one took. */
export async function sqliteLog(directory: string, { grouped }: { grouped: boolean }): Promise<PeerLog> {
  const events = openSqliteEvents(directory);
  const grouping = byTurn((waiting) => {
    try {
      const sequences = events.storeAll(waiting.map(({ append }) => append));
      for (const [index, { resolve }] of waiting.entries()) resolve(sequences[index] as number);
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  });
  return {
    append: grouped ? grouping : async (append) => events.store(append),
    async close() {
      events.close();
    },
  };
}
