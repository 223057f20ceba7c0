/**
 * Turns written sentences into something like speech or hasty typing: fillers, repeated words, slips.
 *
 * Real transcripts are full of them, and they are a good part of why real text compresses worse than templates.
 */
import { integerBetween, pickOne, type Random } from './seeded-random.js';

/** How one person speaks: the share of words that each thing happens to. */
export interface SpeechHabits {
  readonly fillerShare: number;
  readonly repeatShare: number;
  readonly slipShare: number;
  /** Writes everything in small letters. */
  readonly isLowerCase: boolean;
}

export function speechHabits(random: Random): SpeechHabits {
  return {
    fillerShare: random() * 0.09,
    repeatShare: random() * 0.03,
    slipShare: random() < 0.5 ? 0 : random() * 0.06,
    isLowerCase: random() < 0.3,
  };
}

/** The text as somebody with these habits says it. `filler` gives a word to fill a pause with. */
export function spoken(text: string, habits: SpeechHabits, random: Random, filler: () => string): string {
  const said = text
    .split(' ')
    .map((word) => spokenWord(word, habits, random, filler))
    .join(' ');
  return habits.isLowerCase ? said.toLowerCase() : said;
}

function spokenWord(word: string, habits: SpeechHabits, random: Random, filler: () => string): string {
  let chance = random();
  if (chance < habits.fillerShare) return /[.,?]$/.test(word) ? word : `${word}, ${filler()},`;
  chance -= habits.fillerShare;
  if (chance < habits.repeatShare) return /[.,?]$/.test(word) ? word : `${word}, ${word}`;
  chance -= habits.repeatShare;
  return chance < habits.slipShare ? withSlip(word, random) : word;
}

/** A word with one letter inside dropped, doubled or put behind the next; short words stay whole. */
function withSlip(word: string, random: Random): string {
  if (word.length < 5) return word;
  const index = integerBetween(random, 1, word.length - 3);
  const before = word.slice(0, index);
  const letter = word.charAt(index);
  const next = word.charAt(index + 1);
  const after = word.slice(index + 2);
  return before + pickOne(random, [next, letter + letter + next, next + letter]) + after;
}
