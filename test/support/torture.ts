/** What the parts of a torture run share, for a test of one of them. */
import type { TestContext } from 'node:test';
import { newFigures } from '../../src/cli/torture/figures.js';
import { Findings } from '../../src/cli/torture/findings.js';
import type { Torture } from '../../src/cli/torture/life.js';
import { seededRandom } from '../../src/domain/seeded-random.js';
import { testSeed } from '../domain/test-seed.js';
import { temporaryDirectory } from './temporary-directory.js';

/** A directory of its own, and services that are killed with the test. */
export async function testTorture(t: TestContext): Promise<Torture> {
  const services: Torture['services'] = new Set();
  // Hooks run in the order they are set: a service that still writes would keep its directory from being removed.
  t.after(() => Promise.all([...services].map((service) => service.end('SIGKILL'))));
  return {
    scratch: await temporaryDirectory(t),
    random: seededRandom(testSeed(t)),
    clients: 4,
    findings: new Findings(),
    figures: newFigures(),
    services,
    open: new Set(),
  };
}
