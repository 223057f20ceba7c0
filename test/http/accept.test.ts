import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptedType, namesType } from '../../src/http/accept.js';

const OFFERED = ['application/json', 'application/x-ndjson', 'text/event-stream'] as const;

for (const [accept, type] of [
  [undefined, 'application/json'],
  ['*/*', 'application/json'],
  ['application/*', 'application/json'],
  ['text/*', 'text/event-stream'],
  ['Text/Event-Stream', 'text/event-stream'],
  ['text/html, application/xhtml+xml, */*;q=0.8', 'application/json'],
  ['application/json;q=0.5, application/x-ndjson', 'application/x-ndjson'],
  ['application/json;q=0, */*', 'application/x-ndjson'],
  ['text/event-stream;charset=utf-8;q=0.1, image/png', undefined],
  ['image/png', undefined],
  ['', undefined],
] as const) {
  test(`answers Accept: ${accept ?? '(none)'} in ${type ?? 'no form'}`, () => {
    const answer = () => acceptedType(accept === undefined ? {} : { accept }, OFFERED);
    if (type === undefined) assert.throws(answer, { code: 'NOT_ACCEPTABLE', message: /text\/event-stream/ });
    else assert.equal(answer(), type);
  });
}

test('tells a type that is named from one that a wildcard takes', () => {
  assert.equal(
    namesType({ accept: 'text/event-stream, application/cloudevents+json' }, 'application/cloudevents+json'),
    true,
  );
  assert.equal(namesType({ accept: '*/*' }, 'application/json'), false);
  assert.equal(namesType({ accept: 'application/json;q=0' }, 'application/json'), false);
  assert.equal(namesType({}, 'application/json'), false);
});
