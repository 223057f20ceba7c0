/** A benchmark for the tests of the harness: its cases do what their names say. */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { defineBenchmark, SkippedCase } from '../../../bench/harness/benchmark.js';
import { latency, newHistogram, recordMs, scalar } from '../../../bench/harness/measures.js';

const NAMES = ['measures', 'skips', 'throws', 'exits', 'hangs'];

export const benchmark = defineBenchmark({
  name: 'sample',
  title: 'Sample',
  question: 'Does the harness work?',
  options: [{ flags: '--only <case>', description: 'one case', default: 'all' }],
  cases: ({ own }) =>
    NAMES.filter((name) => own.only === 'all' || own.only === name).map((name) => {
      return {
        name,
        parameters: { name },
        timeLimitSeconds: name === 'hangs' ? 6 : 60,
        env: { SAMPLE: 'yes' },
      };
    }),
  async measure({ name }, { own, seed, progress }) {
    if (name === 'skips') throw new SkippedCase('there is no bun here');
    if (name === 'throws') throw new Error('it broke');
    if (name === 'exits') {
      process.stderr.write('it said why\n');
      process.exit(3);
    }
    if (name === 'hangs') {
      // What a case started must not outlive it.
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
      await writeFile(String(own.pidFile), String(child.pid));
      await new Promise(() => undefined);
    }
    progress(0.5, 'half');
    const histogram = newHistogram();
    for (let sample = 1; sample <= 1000; sample += 1) recordMs(histogram, sample / 1000);
    const measures = { pid: scalar(process.pid, 'pid'), time: latency(histogram), seed: scalar(seed, '') };
    const rows = ['fsync', 'memory'] as const;
    return rows.map((durability) => ({
      name: `${durability}, ${process.env.SAMPLE}, ${process.env.SAMPLE_SECRET}`,
      parameters: { durability },
      durability,
      invalid: durability === 'memory' ? ['it was late'] : [],
      measures,
    }));
  },
  summarise: (cases) => ({ findings: [`There are ${cases.length} rows.`] }),
});
