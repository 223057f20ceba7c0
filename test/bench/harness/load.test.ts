import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { closedLoop } from '../../../bench/harness/closed-loop.js';
import { getRequest, postRequest } from '../../../bench/harness/http-connection.js';
import { allRounds, openLoop, reasonsAgainst } from '../../../bench/harness/open-loop.js';

async function serve(
  t: TestContext,
  answer: (response: ServerResponse, body: string) => void,
): Promise<string> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    answer(response, body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const end = (response: ServerResponse, text = '{}', status = 201): void => {
  response.writeHead(status, { 'content-length': Buffer.byteLength(text) }).end(text);
};

test('a closed loop counts every answer once, with every body as it was made', async (t) => {
  const bodies: string[] = [];
  const url = await serve(t, (response, body) => {
    bodies.push(body);
    end(response, '¡sí!'.repeat(body.length * 1000));
  });
  const request = (index: number): Buffer => postRequest('/', `ñ${index}`);
  const result = await closedLoop({ url, connections: 3, seconds: 0.2, request, status: 201 });
  assert.equal(result.answered, bodies.length);
  assert.equal(result.latency.totalCount, bodies.length);
  assert.deepEqual(new Set(bodies), new Set(bodies.map((_, index) => `ñ${index}`)));
  assert.ok(!result.invalid.some((reason) => reason.includes('status')));
});

test('answers of another status make a run invalid', async (t) => {
  const url = await serve(t, (response) => end(response, 'full', 503));
  const load = { url, connections: 1, request: () => getRequest('/'), status: 201 };
  const closed = await closedLoop({ ...load, seconds: 0.05 });
  assert.ok(closed.invalid.includes(`${closed.answered} answers had another status than 201`));
  const open = await openLoop({ ...load, seconds: 0.1, ratePerSecond: 50 });
  assert.ok(open.invalid.includes('5 answers had another status than 201'));
});

test('a broken connection ends a run', async (t) => {
  const url = await serve(t, (response) => (response.socket as Socket).destroy());
  const load = { url, connections: 2, seconds: 5, request: () => getRequest('/'), status: 200 };
  await assert.rejects(closedLoop(load), /closed a connection/);
  await assert.rejects(openLoop({ ...load, ratePerSecond: 10 }), /closed a connection/);
});

test('a stall counts for all that were due during it, and uncorrected only for those that were sent', async (t) => {
  const held: ServerResponse[] = [];
  let seen = 0;
  const url = await serve(t, (response) => {
    seen += 1;
    if (seen === 10) {
      setTimeout(() => {
        for (const one of held.splice(0)) end(one);
        seen = 1000;
      }, 400);
    }
    if (seen >= 10 && seen < 1000) held.push(response);
    else end(response);
  });
  const load = { url, connections: 2, seconds: 1, request: () => getRequest('/'), status: 201 };
  const { due, answered, corrected, uncorrected } = await openLoop({ ...load, ratePerSecond: 200 });
  assert.equal(due, 200);
  assert.equal(answered, 200);
  assert.equal(corrected.totalCount, 200);
  // 80 were due in those 400 ms, and 60 of all 200 were so 100 ms or more before its end.
  assert.ok(corrected.getValueAtPercentile(75) >= 90_000);
  assert.ok(uncorrected.getValueAtPercentile(75) < 90_000);
});

test('at a low rate every connection is used in turn, so that none is closed for being idle', async (t) => {
  const used = new Set<Socket>();
  const url = await serve(t, (response) => {
    used.add(response.socket as Socket);
    end(response);
  });
  const load = { url, connections: 5, seconds: 0.2, request: () => getRequest('/'), status: 201 };
  await openLoop({ ...load, ratePerSecond: 50 });
  assert.equal(used.size, 5);
});

test('a generator that falls behind its rate says so, and so does a service that cannot keep up', async (t) => {
  const quick = await serve(t, (response) => end(response));
  const slowToMake = (): Buffer => {
    const until = performance.now() + 30;
    while (performance.now() < until);
    return getRequest('/');
  };
  const late = { url: quick, connections: 4, seconds: 0.3, request: slowToMake, status: 201 };
  assert.match((await openLoop({ ...late, ratePerSecond: 100 })).invalid.join(), /generator fell behind/);

  const slow = await serve(t, (response) => setTimeout(() => end(response), 50));
  const load = { url: slow, connections: 1, seconds: 0.3, request: () => getRequest('/'), status: 201 };
  assert.match(
    (await openLoop({ ...load, ratePerSecond: 100 })).invalid.join(),
    /service answered \d+ requests\/s of 100/,
  );
});

test('rounds are judged together, as they are quoted', () => {
  const load = { ratePerSecond: 100, status: 201 };
  const good = { due: 300, answered: 300, unexpected: 0, late: 0, seconds: 3 };
  const stalled = { ...good, late: 4 };
  assert.match(reasonsAgainst(load, [stalled]).join(), /generator fell behind its rate: 1\.3 %/);
  assert.deepEqual(reasonsAgainst(load, [stalled, good]), []);
  assert.match(reasonsAgainst(load, [{ ...stalled, late: 10 }, good]).join(), /1\.7 %/);
  assert.deepEqual(reasonsAgainst(load, [good, { ...good, answered: 299 }]), [
    '1 requests were not answered',
  ]);
});

test('several rounds are one result, with the counts and the samples of all', async (t) => {
  const load = { url: await serve(t, end), connections: 2, request: () => getRequest('/'), status: 201 };
  const rounds = [
    await openLoop({ ...load, ratePerSecond: 100, seconds: 0.2 }),
    await openLoop({ ...load, ratePerSecond: 200, seconds: 0.2 }),
  ];
  const all = allRounds({ ...load, ratePerSecond: 150 }, rounds);
  assert.deepEqual([all.due, all.answered, all.unexpected], [60, 60, 0]);
  for (const samples of [all.corrected, all.uncorrected, all.lateness]) assert.equal(samples.totalCount, 60);
  assert.equal(
    all.seconds,
    rounds.reduce((sum, { seconds }) => sum + seconds, 0),
  );
  assert.equal(all.corrected.maxValue, Math.max(...rounds.map(({ corrected }) => corrected.maxValue)));
});
