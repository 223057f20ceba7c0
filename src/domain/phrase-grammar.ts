/**
 * A small generative grammar: templates that call one another by name and expand to text.
 *
 * In a template `{name}` is replaced by an expansion of that rule and `[a|b|c]` by one of the alternatives,
 * which may hold names but no further brackets. An alternative may be empty.
 */
import { assert } from './errors.js';
import { pickOne, type Random } from './seeded-random.js';

/** Rules by name; each has the templates it may expand to. */
export type PhraseRules = Readonly<Record<string, readonly string[]>>;

/** A piece of a template: text as it is, a rule to expand, or alternatives to choose from. */
type Piece = string | { rule: string } | { choices: readonly Template[] };
type Template = readonly Piece[];

/** Words that a consultation keeps to, such as its chief complaint, in place of a rule's own. */
export type FixedPhrases = Readonly<Record<string, string>>;

export interface PhraseGrammar {
  /** One expansion of a rule. */
  expand(rule: string, random: Random, fixed: FixedPhrases): string;
}

/** Reads the templates once. `fixedNames` are those that every expansion is given. */
export function phraseGrammar(rules: PhraseRules, fixedNames: readonly string[]): PhraseGrammar {
  const templates = new Map<string, readonly Template[]>();
  for (const [name, texts] of Object.entries(rules)) templates.set(name, texts.map(readTemplate));
  const known = new Set([...templates.keys(), ...fixedNames]);
  for (const template of [...templates.values()].flat()) assertRulesKnown(template, known);

  const expandTemplate = (template: Template, random: Random, fixed: FixedPhrases): string => {
    let text = '';
    for (const piece of template) {
      if (typeof piece === 'string') text += piece;
      else if ('rule' in piece) text += expand(piece.rule, random, fixed);
      else text += expandTemplate(pickOne(random, piece.choices), random, fixed);
    }
    return text;
  };
  const expand = (rule: string, random: Random, fixed: FixedPhrases): string =>
    fixed[rule] ?? expandTemplate(pickOne(random, templates.get(rule) ?? []), random, fixed);
  return { expand };
}

/** The entries of a list written as one text, with a bar between them. */
export function listed(text: string): string[] {
  return text.split('|');
}

function readTemplate(text: string): Template {
  return text
    .split(/(\{\w+\}|\[[^\]]*\])/)
    .filter((part) => part !== '')
    .map(readPiece);
}

function readPiece(part: string): Piece {
  const inner = part.slice(1, -1);
  if (part.startsWith('{')) return { rule: inner };
  if (part.startsWith('[')) return { choices: inner.split('|').map(readTemplate) };
  return part;
}

function assertRulesKnown(template: Template, known: ReadonlySet<string>): void {
  for (const piece of template) {
    if (typeof piece === 'string') continue;
    if ('rule' in piece) assert(known.has(piece.rule), `the grammar has a rule ${piece.rule}`);
    else for (const choice of piece.choices) assertRulesKnown(choice, known);
  }
}
