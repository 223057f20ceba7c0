import assert from 'node:assert/strict';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { AnswerBatch } from '../../src/http/answer-batch.js';
import { HardenedResponse } from '../../src/http/hardened-response.js';

const response = (name: string): ServerResponse => ({ name }) as unknown as ServerResponse;

test('ends nothing before all that is ready in a turn was put together, and then all in order', async () => {
  const ended: string[] = [];
  const batch = new AnswerBatch((to, body) => {
    ended.push(`${(to as unknown as { name: string }).name}: ${String(body)}`);
    // What is ready only now has its own turn.
    if (body === 'first') batch.add(response('c'), 'third');
  });
  batch.add(response('a'), 'first');
  await Promise.resolve().then(() => batch.add(response('b'), Buffer.from('second')));
  assert.deepEqual(ended, []);
  await new Promise((resolve) => process.nextTick(resolve));
  assert.deepEqual(ended.slice(0, 2), ['a: first', 'b: second']);
  await new Promise((resolve) => process.nextTick(resolve));
  assert.deepEqual(ended, ['a: first', 'b: second', 'c: third']);
});

/** A server of hardened responses; gives its port. */
async function serve(t: TestContext, listener: RequestListener): Promise<number> {
  const server = createServer({ ServerResponse: HardenedResponse as typeof ServerResponse }, listener);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Sends one text and gives what comes until the connection ends. */
function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1', () => socket.write(text));
    let received = '';
    socket.on('data', (part) => {
      received += String(part);
    });
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });
}

test('answers pipelined requests in their order, whole bodies and streams by turns', async (t) => {
  const port = await serve(t, (request, answer) => {
    const isWhole = request.url !== '/2';
    answer.writeHead(200, isWhole ? { 'content-length': '2' } : {});
    // As the framework ends an answer, and as a stream ends.
    if (isWhole) answer.end(`${request.url}`, null as never, null as never);
    else answer.end(`${request.url}`);
  });
  const requests = [1, 2, 3].map(
    (n) => `GET /${n} HTTP/1.1\r\nhost: a\r\n${n === 3 ? 'connection: close\r\n' : ''}\r\n`,
  );
  const received = await exchange(port, requests.join(''));
  assert.deepEqual(received.match(/(?<=\r\n\r\n|\r\n)\/\d/g), ['/1', '/2', '/3']);
});

test('answers the others when one of them has hung up meanwhile', async (t) => {
  const waiting: ServerResponse[] = [];
  const port = await serve(t, (_request, answer) => {
    waiting.push(answer);
    if (waiting.length < 3) return;
    waiting[1]?.destroy();
    for (const each of waiting) {
      each.writeHead(200, { 'content-length': '4', connection: 'close' });
      each.end('done', null as never, null as never);
    }
  });
  const request = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';
  const received = await Promise.all([1, 2, 3].map(() => exchange(port, request)));
  assert.equal(received.filter((text) => text.endsWith('done')).length, 2);
});
