/** The walk of docs/getting-started.md, run as it stands against the real service, from a project that has the package. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { runningService } from './running-service.js';

const ROOT = new URL('../../../', import.meta.url);
const ADDRESS = 'http://127.0.0.1:7001';

it('docs/getting-started.md builds a consultation that prints what it says', async (t) => {
  const { service } = await runningService(t);
  const document = await readFile(new URL('docs/getting-started.md', ROOT), 'utf8');
  const walk = [...document.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code]) => code).join('\n');
  assert.ok(walk.includes(`'${ADDRESS}'`));
  const project = await temporaryDirectory(t);
  await mkdir(join(project, 'node_modules'));
  await symlink(fileURLToPath(ROOT), join(project, 'node_modules', 'fi-consult'), 'dir');
  await writeFile(join(project, 'walk.mjs'), walk.replace(ADDRESS, service.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['walk.mjs'], { cwd: project });
  const printed = stdout.trimEnd().split('\n');
  // What a line prints stands beside it; the loop that follows prints every event, and the last is named.
  const promised = [...walk.matchAll(/(?:console\.log|break).*; \/\/ (.*)$/gm)].map(([, text]) => text);
  assert.equal(promised.length, 7);
  assert.deepEqual([...printed.slice(0, 6), printed.at(-1)], promised);
  assert.equal(printed.length, 6 + 8);
});
