/**
 * Synthetic consultations in Spanish and English, for tests, demonstrations and benchmarks.
 *
 * Nobody ever said these things. What is kept close to real consultations is what measurements depend on: how
 * long the messages are (median about 45 bytes, few of a kilobyte or more), how many there are (5 to 150), how
 * fast they follow, and how well the text compresses. Sense from one message to the next is not attempted.
 */
import type { ConsultationTranscript, TranscriptMessage } from './consultation-transcript.js';
import { type FixedPhrases, type PhraseGrammar, phraseGrammar } from './phrase-grammar.js';
import { integerBetween, pickOne, type Random, seededRandom } from './seeded-random.js';
import { PHRASES_EN } from './synthetic-phrases-en.js';
import { PHRASES_ES } from './synthetic-phrases-es.js';
import { type SpeechHabits, speechHabits, spoken } from './synthetic-speech.js';

export interface SyntheticConsultationsOptions {
  /** The same seed gives the same consultations. A safe whole number from 0. */
  seed: number;
  count: number;
  /** `mixed`, the default, is half of each. */
  language?: 'es' | 'en' | 'mixed';
}

/** A transcript that always has a complaint, a note and the time of every message. */
export interface SyntheticConsultation extends ConsultationTranscript {
  source: 'synthetic';
  complaint: string;
  messages: SyntheticMessage[];
  note: string;
}

export interface SyntheticMessage extends TranscriptMessage {
  role: 'clinician' | 'patient';
  at_ms: number;
}

const CHIEF = ['chief'];
const GRAMMARS = { es: phraseGrammar(PHRASES_ES, CHIEF), en: phraseGrammar(PHRASES_EN, CHIEF) };

/** `count` consultations, made one at a time. Their ids name the seed and the place: `synthetic-7-000001-es`. */
export function* syntheticConsultations(
  options: SyntheticConsultationsOptions,
): Generator<SyntheticConsultation, void, undefined> {
  const { seed, count, language = 'mixed' } = options;
  const random = seededRandom(seed);
  for (let number = 1; number <= count; number += 1) {
    const chosen = language === 'mixed' ? pickOne(random, ['es', 'en'] as const) : language;
    const id = `synthetic-${seed}-${String(number).padStart(6, '0')}-${chosen}`;
    yield new Conversation(GRAMMARS[chosen], random).transcript(id);
  }
}

const MESSAGES_MIN = 5;
const MESSAGES_MAX = 150;

/** Shares of messages, in order: a mere sign of listening, one sentence, two, a few, and a long story. */
const SENTENCES_OF_MESSAGE: readonly (readonly [share: number, min: number, max: number])[] = [
  [0.33, 0, 0],
  [0.42, 1, 1],
  [0.155, 2, 2],
  [0.072, 3, 5],
  [0.018, 6, 12],
  [0.005, 13, 40],
];

/** One consultation while it is made: who speaks how, and what it is about. */
class Conversation {
  private readonly fixed: FixedPhrases;
  private readonly habits: { clinician: SpeechHabits; patient: SpeechHabits };

  constructor(
    private readonly grammar: PhraseGrammar,
    private readonly random: Random,
  ) {
    this.fixed = { chief: grammar.expand('symptom', random, {}) };
    this.habits = { clinician: speechHabits(random), patient: speechHabits(random) };
  }

  transcript(id: string): SyntheticConsultation {
    const complaint = this.phrase('complaint');
    return { id, source: 'synthetic', complaint, messages: this.messages(), note: this.note() };
  }

  private messages(): SyntheticMessage[] {
    // Even on a logarithmic scale: most consultations are short, and a few are very long.
    const count = Math.round(MESSAGES_MIN * (MESSAGES_MAX / MESSAGES_MIN) ** this.random());
    const messages: SyntheticMessage[] = [];
    let atMs = integerBetween(this.random, 0, 3000);
    let role: SyntheticMessage['role'] = 'clinician';
    for (let index = 0; index < count; index += 1) {
      const text = this.said(role, index);
      messages.push({ role, text, at_ms: atMs });
      atMs += integerBetween(this.random, 600, 3500) + text.length * integerBetween(this.random, 25, 65);
      // Now and then the same person goes on.
      if (index === 0 || this.random() < 0.93) role = role === 'clinician' ? 'patient' : 'clinician';
    }
    return messages;
  }

  private said(role: SyntheticMessage['role'], index: number): string {
    if (index === 0) return this.phrase('greeting');
    const text = index === 1 ? this.phrase('opening') : this.sentences(role);
    return spoken(text, this.habits[role], this.random, () => this.phrase('filler'));
  }

  private sentences(role: SyntheticMessage['role']): string {
    const count = this.sentenceCount();
    if (count === 0) return capitalized(this.phrase(role === 'clinician' ? 'backchannel' : 'shortAnswer'));
    const parts: string[] = [];
    if (this.random() < 0.25) parts.push(this.phrase('backchannel'));
    for (let index = 0; index < count; index += 1) parts.push(this.phrase(this.sentenceRule(role, count)));
    return parts.map(capitalized).join(' ');
  }

  /** A clinician asks, and explains when there is much to say; a patient tells. */
  private sentenceRule(role: SyntheticMessage['role'], sentences: number): string {
    if (role === 'patient') return 'answer';
    return this.random() < (sentences > 2 ? 0.15 : 0.7) ? 'question' : 'statement';
  }

  private sentenceCount(): number {
    let rest = this.random();
    for (const [share, min, max] of SENTENCES_OF_MESSAGE) {
      if (rest < share) return integerBetween(this.random, min, max);
      rest -= share;
    }
    return 1;
  }

  private note(): string {
    return ['noteSubjective', 'noteObjective', 'noteAssessment', 'notePlan']
      .map((rule) => capitalized(this.phrase(rule)))
      .join('\n');
  }

  private phrase(rule: string): string {
    return tidied(this.grammar.expand(rule, this.random, this.fixed));
  }
}

/** Without the double spaces that empty alternatives leave, and with the contractions that Spanish asks for. */
function tidied(text: string): string {
  return text
    .replace(/ +(?=[.,?]| |$)/g, '')
    .replace(/\bde el\b/g, 'del')
    .replace(/\ba el\b/g, 'al');
}

function capitalized(text: string): string {
  return text.replace(/^¿?./u, (start) => start.toUpperCase());
}
