/** The surroundings of a run as lines of text, for results that have a shape of their own. */
import { loadavg, tmpdir } from 'node:os';
import { surroundings as around, commitText, machineLine } from '../harness/surroundings.js';

export interface Surroundings {
  /** The short commit; `+` after it when files had changed since. `unknown` outside of a clone. */
  commit: string;
  /** RFC 3339 UTC. */
  takenAt: string;
  machine: string;
  node: string;
  /** The load averages of one, five and fifteen minutes. */
  loadBefore: string;
}

/** Takes them down; `directory` is where the data is kept. */
export function surroundings(directory = tmpdir()): Surroundings {
  const taken = around(directory);
  return {
    commit: commitText(taken),
    takenAt: taken.started_at,
    machine: `${machineLine(taken)}, ${taken.machine.file_system}`,
    node: taken.machine.node,
    loadBefore: loadavg()
      .map((load) => load.toFixed(2))
      .join(', '),
  };
}
