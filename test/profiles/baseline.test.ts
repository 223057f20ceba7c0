import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { baselineDocument, readBaseline } from '../../profiles/support/baseline-document.js';
import type { CpuProfile } from '../../profiles/support/cpu-profile.js';
import { readMeta } from '../../profiles/support/meta.js';
import { ROOT } from '../../profiles/support/portable-url.js';

const BYTES_MAX = 1_000_000;
const KEPT = ['cpu/baseline', 'cpu/ceiling', 'lines/baseline', 'heap/baseline', 'flame/baseline'];

test('the document of the baseline is made of the profiles that are kept, and of nothing else', async () => {
  const written = await readFile(join(ROOT, 'docs/PROFILING_BASELINE.md'), 'utf8');
  assert.equal(written, baselineDocument(await readBaseline()));
});

test('each profile that is kept says what is in it, is small, and has no path of a machine', async () => {
  for (const folder of KEPT) {
    const directory = join(ROOT, 'profiles', folder);
    const meta = await readMeta(join(directory, 'meta.json'));
    assert.deepEqual((await readdir(directory)).sort(), [...meta.files, 'meta.json'].sort(), folder);
    assert.equal(meta.command, 'npm run profile:baseline');
    for (const file of meta.files) {
      const path = join(directory, file);
      assert.ok((await stat(path)).size < BYTES_MAX, `${folder}/${file} is below ${BYTES_MAX} bytes`);
      if (!file.endsWith('.cpuprofile')) continue;
      const { nodes } = JSON.parse(await readFile(path, 'utf8')) as CpuProfile;
      const foreign = nodes.map(({ callFrame }) => callFrame.url).filter((url) => /^(file:|\/)/.test(url));
      assert.deepEqual(foreign, []);
    }
  }
});
