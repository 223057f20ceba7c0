/** HTTP on kept-alive connections, with every response timed, in microseconds, into a histogram. */
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Histogram } from 'hdr-histogram-js';
import { recordMs } from '../harness/measures.js';

export class HttpClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(private readonly url: string) {}

  /** The body of the answer, read to its end. Throws on any other status than 200 or 201. */
  send(path: string, body?: string): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST';
      const headers = body === undefined ? {} : { 'content-type': 'application/json' };
      const sent = request(new URL(path, this.url), { method, headers, agent: this.agent }, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () => {
          const text = Buffer.concat(parts);
          if (answer.statusCode === 200 || answer.statusCode === 201) resolve(text);
          else reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** Reads one after another. */
  async timeReads(paths: readonly string[], histogram: Histogram): Promise<void> {
    for (const path of paths) {
      const started = performance.now();
      await this.send(path);
      recordMs(histogram, performance.now() - started);
    }
  }

  /**
   * Posts at a fixed rate, each timed from when it was due, so that a stall counts for all that it held up.
   * Resolves when every one was answered.
   */
  async timePosts(
    posts: readonly { path: string; body: string }[],
    ratePerSecond: number,
    histogram: Histogram,
  ): Promise<void> {
    const started = performance.now();
    const answers: Promise<void>[] = [];
    for (const [index, { path, body }] of posts.entries()) {
      const dueMs = started + (index * 1000) / ratePerSecond;
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) await delay(waitMs);
      // A timer fires up to a millisecond late; that is the generator's time and not the service's.
      const fromMs = Math.max(dueMs, Math.min(performance.now(), dueMs + 1.5));
      answers.push(this.send(path, body).then(() => recordMs(histogram, performance.now() - fromMs)));
    }
    await Promise.all(answers);
  }

  close(): void {
    this.agent.destroy();
  }
}
