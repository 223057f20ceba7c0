/** The grammar that synthetic phrases are made with. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { listed, phraseGrammar } from '../../src/domain/phrase-grammar.js';
import { seededRandom } from '../../src/domain/seeded-random.js';

describe('phraseGrammar', () => {
  it('reaches every combination of rules and alternatives', () => {
    const rules = { start: ['a [x|{word}|] {chief}'], word: listed('p|q') };
    const grammar = phraseGrammar(rules, ['chief']);
    const random = seededRandom(5);
    const made = new Set(Array.from({ length: 200 }, () => grammar.expand('start', random, { chief: 'c' })));
    assert.deepEqual([...made].sort(), ['a  c', 'a p c', 'a q c', 'a x c']);
  });

  it('refuses a template that names no rule', () => {
    assert.throws(() => phraseGrammar({ start: ['[a|{missing}]'] }, []), /missing/);
  });
});
