/** The architecture as a test: imports point down, third-party libraries are wrapped once, and files stay small. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What the files of a folder may import, beside their own folder. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  ops: ['domain'],
  log: ['domain', 'ops'],
  segments: ['domain', 'ops'],
  index: ['domain', 'ops'],
  feed: ['domain', 'ops'],
  audit: ['domain', 'ops'],
  access: ['domain', 'ops'],
  store: ['domain', 'ops', 'log', 'segments', 'index', 'feed', 'audit'],
  cluster: ['domain', 'ops', 'store'],
  http: ['domain', 'ops', 'store'],
  cli: ['domain', 'ops', 'log', 'segments', 'index', 'feed', 'audit', 'access', 'store', 'cluster', 'http'],
  client: [],
  '': ['cli'],
};
/** What the files of a folder may import types of, which leave nothing in what runs. */
const TYPES: Readonly<Record<string, readonly string[]>> = { client: ['domain', 'http'] };
/** The event store's port is all of the store that HTTP may know. */
const PORTS: Readonly<Record<string, readonly string[]>> = { 'http>store': ['store/event-store.ts'] };
/** What the domain may use of Node and of packages: nothing that does input or output. */
const DOMAIN_PACKAGES = ['node:crypto', 'node:buffer', 'typebox'];
/** Libraries that one file alone imports. */
const WRAPPED: Readonly<Record<string, string>> = {
  'h5wasm/node': 'segments/hdf5.ts',
  lmdb: 'index/lmdb.ts',
  'h5wasm-plugins': 'segments/hdf5.ts',
  'zstd-napi': 'ops/zstd.ts',
  jose: 'access/jwt-verifier.ts',
  'fs-native-extensions': 'ops/file-lock.ts',
};
const LINES_MAX = 400;

interface Import {
  file: string;
  target: string;
  isType: boolean;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

/** Every import of a file: relative ones as paths below `src`, others by name. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const pattern =
    /(?:(?<type>(?:im|ex)port type [^']*)from|from|import\(|import|import\.meta\.resolve\(|new URL\()\s*'(?<target>[^']+)'/g;
  return [...text.matchAll(pattern)].map(({ groups = {} }) => {
    const specifier = groups.target ?? '';
    const isType = groups.type !== undefined;
    if (!specifier.startsWith('.')) return { file, target: specifier, isType };
    const path = resolve(ROOT, dirname(file), specifier).replace(/\.js$/, '.ts');
    return { file, target: relative(ROOT, path), isType };
  });
}

const layerOf = (path: string): string => {
  const parts = relative('src', path).split('/');
  return parts.length > 1 ? (parts[0] as string) : '';
};

const all = sourceFiles('src').flatMap(importsOf);
const inner = all.filter(({ target }) => target.startsWith('src/'));

describe('the layers', () => {
  it('are the folders of src', () => {
    const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    for (const { name } of folders) assert.ok(name in ALLOWED, `src/${name} is a layer`);
    assert.ok(inner.length > 100, 'imports were found');
  });

  it('import only what is below them', () => {
    const up = inner.filter(({ file, target, isType }) => {
      const [from, to] = [layerOf(file), layerOf(target)];
      if (from === to || ALLOWED[from]?.includes(to)) return false;
      return !(isType && TYPES[from]?.includes(to));
    });
    assert.deepEqual(up, []);
  });

  it('know of the store above it only its port', () => {
    const around = inner.filter(({ file, target }) => {
      const port = PORTS[`${layerOf(file)}>${layerOf(target)}`];
      return port !== undefined && !port.includes(relative('src', target));
    });
    assert.deepEqual(around, []);
  });

  it('give the client, which runs in browsers, nothing of Node and no package', () => {
    const needed = all.filter(({ file, target, isType }) => {
      return layerOf(file) === 'client' && !isType && !target.startsWith('src/client/');
    });
    assert.deepEqual(needed, []);
  });

  it('stay inside src', () => {
    assert.deepEqual(
      all.filter(({ target }) => /^(test|bench|profiles)\//.test(target)),
      [],
    );
  });

  it('keep input and output out of the domain', () => {
    const outside = all.filter(({ file, target }) => {
      return layerOf(file) === 'domain' && !target.startsWith('src/') && !DOMAIN_PACKAGES.includes(target);
    });
    assert.deepEqual(outside, []);
  });

  it('import each wrapped library in one file', () => {
    for (const [library, wrapper] of Object.entries(WRAPPED)) {
      const importers = new Set(all.filter(({ target }) => target === library).map(({ file }) => file));
      assert.deepEqual([...importers], [join('src', wrapper)], library);
    }
  });

  it('use TypeBox for types, and do not load it with a service', () => {
    const loading = all.filter(({ file, target, isType }) => {
      return target.startsWith('typebox') && !isType && !file.startsWith('src/cli/import-');
    });
    assert.deepEqual(loading, []);
  });
});

describe('the files', () => {
  const files = ['src', 'bench', 'profiles', 'test'].flatMap(sourceFiles);

  it(`hold one thing each: at most ${LINES_MAX} lines`, () => {
    const long = files.filter(
      (file) => readFileSync(join(ROOT, file), 'utf8').split('\n').length > LINES_MAX,
    );
    assert.deepEqual(long, []);
  });

  it('of src, bench and profiles open with what they are for', () => {
    const silent = files.filter((file) => {
      return !file.startsWith('test/') && !/^(#!.*\n)?\/\*\*/.test(readFileSync(join(ROOT, file), 'utf8'));
    });
    assert.deepEqual(silent, []);
  });

  it('have no leftovers', () => {
    const leftovers = /\b(TODO|FIXME|XXX)\b|\.(only|todo)\(/;
    const left = files.filter((file) => {
      return file !== 'test/layers.test.ts' && leftovers.test(readFileSync(join(ROOT, file), 'utf8'));
    });
    assert.deepEqual(left, []);
  });
});
