/** What a command loads before it knows what it is to do: everybody waits for that, also who only asks for help. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../src/cli/fi-consult.js', import.meta.url));
/** Packages that every command may load at its start; all others come with the command that needs them. */
const PACKAGES = ['commander'];

/** The packages that a compiled file imports, itself or by way of others, before it runs. */
function packagesOf(file: string, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>();
  if (seen.has(file)) return packages;
  seen.add(file);
  const imports = readFileSync(file, 'utf8').matchAll(
    /^(?:import (?:[^;=]*? from )?|export [^;=]*? from )['"](?<target>[^'"]+)['"];/gm,
  );
  for (const { groups } of imports) {
    const target = groups?.target ?? '';
    if (target.startsWith('node:')) continue;
    if (!target.startsWith('.')) packages.add(target);
    else for (const found of packagesOf(resolve(join(dirname(file), target)), seen)) packages.add(found);
  }
  return packages;
}

test('no command waits at its start for packages that only another one needs', () => {
  assert.deepEqual([...packagesOf(PROGRAM)].sort(), PACKAGES);
});
