/** The figures of the store and of all its workers, as any of them shows them. */
import { joinedMetrics, type Metrics, type ProcessFigures } from '../ops/metrics.js';
import type { RemoteEventStore } from './remote-event-store.js';

/** `own` counts what happens in this process; what is shown is asked for from all. STORE_UNREACHABLE without the store. */
export function clusterMetrics(own: Metrics, store: Pick<RemoteEventStore, 'figures'>): Metrics {
  const joined = async () => {
    const { processes, workers, missing } = await store.figures();
    return joinedMetrics(processes as ProcessFigures[], {
      fi_workers: { help: 'API workers that are connected to the store.', value: workers },
      fi_workers_missing: { help: 'Those whose figures are missing here.', value: missing },
    });
  };
  return {
    ...own,
    text: async () => (await joined()).text(),
    json: async () => (await joined()).json(),
  };
}
