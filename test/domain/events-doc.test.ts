/** docs/events.md and the schemas say the same. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ConsultationStateSchema } from '../../src/domain/consultation-state.js';
import { EVENT_TYPES } from '../../src/domain/event-types.js';
import { foldEvents } from '../../src/domain/fold.js';
import { PAYLOAD_SCHEMAS } from '../../src/domain/payload-schemas.js';
import { buildConsultation } from './consultation-builder.js';

const text = readFileSync(new URL('../../../docs/events.md', import.meta.url), 'utf8');
/** The cells of every table row, by the first one. */
const rows = new Map(
  text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .map((cells) => [cells[0], cells]),
);
/** The words in code style of a cell. */
const codes = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);

describe('docs/events.md', () => {
  for (const type of EVENT_TYPES) {
    it(`lists the fields of ${type} as its schema has them`, () => {
      const { properties, required = [] } = PAYLOAD_SCHEMAS[type] as unknown as {
        properties: object;
        required?: string[];
      };
      const fields = Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`));
      assert.deepEqual(codes(rows.get(type)?.[1]), fields);
      assert.match(rows.get(type)?.[2] ?? '', /\.$/);
    });
  }

  it('lists the fields of the state', () => {
    const listed = [...rows.values()]
      .filter((cells) => cells.length === 4)
      .flatMap((cells) => codes(cells[0]));
    assert.deepEqual(listed.sort(), Object.keys(ConsultationStateSchema.properties).sort());
  });

  it('gives the start values that the fold gives', () => {
    const start = Object.entries(foldEvents(buildConsultation([])).state);
    for (const [field, value] of start) {
      const documented = rows.get(`\`${field}\``)?.[2]?.replaceAll('`', '').replace('the stub, or ', '');
      if (documented === '' || documented === undefined) continue;
      assert.equal(documented, typeof value === 'string' ? value : JSON.stringify(value), field);
    }
  });
});
