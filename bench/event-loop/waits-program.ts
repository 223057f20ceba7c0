/** `waits.js` as a program for any runtime: takes how many and for how long, prints one line of JSON. */
import { measureWaits } from './waits.js';

const [concurrent = '1000', seconds = '1'] = process.argv.slice(2);
const { perSecond, lateMs } = await measureWaits(Number(concurrent), Number(seconds));
const at = (share: number): number => lateMs[Math.floor((lateMs.length - 1) * share)] ?? 0;
process.stdout.write(`${JSON.stringify({ perSecond, p50: at(0.5), p99: at(0.99), max: at(1) })}\n`);
