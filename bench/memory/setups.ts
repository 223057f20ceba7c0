/** What is compared: small and large bodies, and one process and several. */

export interface Setup {
  id: string;
  /** As in `with …`. */
  label: string;
  bodies: 'small' | 'large';
  /** API workers beside a store; 0: one process. */
  workers: number;
}

export const SETUPS: readonly Setup[] = [
  { id: 'small', label: 'small bodies', bodies: 'small', workers: 0 },
  { id: 'large', label: 'large bodies', bodies: 'large', workers: 0 },
  { id: 'small_workers', label: 'small bodies, a store and 2 workers', bodies: 'small', workers: 2 },
];

/** The setup of an id. */
export function setupOf(id: unknown): Setup {
  const setup = SETUPS.find((candidate) => candidate.id === id);
  if (setup === undefined) throw new Error(`there is no setup ${id}`);
  return setup;
}
