/**
 * Lines of TypeScript for lines of compiled JavaScript, by the source maps that tsc writes beside its output.
 *
 * V8 says at which line of the JavaScript a sample was, without a column. tsc keeps a statement's lines apart, so the line
 * of TypeScript is that of the first thing on the line.
 */
import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { ROOT } from './portable-url.js';

/** A line of code; `line` counts from 1. Code without a readable file has no text. */
export interface SourceLine {
  path: string;
  line: number;
  text: string;
}

interface Compiled {
  lines: readonly string[];
  map: SourceMap | undefined;
}

/** Reads files when they are first asked for, and keeps them. */
export class SourceLines {
  private readonly compiled = new Map<string, Compiled>();
  private readonly sources = new Map<string, readonly string[]>();

  /** `root` is what the urls of a profile are relative to. */
  constructor(private readonly root = ROOT) {}

  /** The line of a script in a profile, as it was written: in TypeScript if there is a map. */
  at(url: string, line: number): SourceLine {
    if (url === '' || url.includes(':')) return { path: url === '' ? 'generated' : url, line, text: '' };
    const { lines, map } = this.compiledOf(url);
    const text = lines[line - 1] ?? '';
    const found = map?.findEntry(line - 1, text.length - text.trimStart().length);
    // Before the first mapping there is none, and an empty object stands for it.
    if (found === undefined || !('originalSource' in found)) return { path: url, line, text: text.trim() };
    const path = relative(this.root, resolve(this.root, dirname(url), found.originalSource));
    const original = this.linesOf(path)[found.originalLine];
    // Packages have maps to sources that they do not bring.
    if (original === undefined) return { path: url, line, text: text.trim() };
    return { path, line: found.originalLine + 1, text: original.trim() };
  }

  /** The lines of a file below the root; none if it is not there: a profile of another installation may name such. */
  linesOf(path: string): readonly string[] {
    let known = this.sources.get(path);
    if (known === undefined) {
      known = readIfThere(join(this.root, path))?.split('\n') ?? [];
      this.sources.set(path, known);
    }
    return known;
  }

  private compiledOf(url: string): Compiled {
    let known = this.compiled.get(url);
    if (known === undefined) {
      known = { lines: this.linesOf(url), map: sourceMap(join(this.root, `${url}.map`)) };
      this.compiled.set(url, known);
    }
    return known;
  }
}

function sourceMap(path: string): SourceMap | undefined {
  const text = readIfThere(path);
  return text === undefined ? undefined : new SourceMap(JSON.parse(text) as SourceMapPayload);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
