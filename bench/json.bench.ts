/**
 * JSON in and out: ways of reading and writing real events beside each other, and the way of one payload from the socket
 * to the disk with every copy of its bytes counted.
 *
 * Ways that do the same run in turn, forward and backward, on the same documents. All read from bytes, as they come from
 * a socket. simdjson is not among them, since its binding for Node brings no builds: it compiles when it is installed.
 */
import { defineBenchmark } from './harness/benchmark.js';
import { runAsMain } from './harness/run-as-main.js';
import { parsing, serialising } from './json/contests.js';
import { payloadPath } from './json/measure-path.js';
import { summarise } from './json/summarise.js';

const CASES = { parsing, serialising, 'payload path': payloadPath } as const;
type CaseName = keyof typeof CASES;

export const benchmark = defineBenchmark({
  name: 'json',
  title: 'JSON',
  question:
    'What do reading and writing JSON cost an event, by which parser and serialiser, and how often are its bytes copied?',
  cases: () =>
    Object.keys(CASES).map((name) => ({ name, parameters: { case: name }, timeLimitSeconds: 120 })),
  measure: (parameters, context) => CASES[parameters.case as CaseName](context),
  summarise,
});
await runAsMain(import.meta.url, benchmark);
