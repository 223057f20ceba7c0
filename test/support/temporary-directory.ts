/** A directory for one test, removed after all tests of its file: what a test leaves open may still write into it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';

const directories: string[] = [];

// Hooks of a test run in the order in which they were set, so that one of its own would come before those that end
// the store or the service in the directory.
after(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true, maxRetries: 5 });
});

/** Without a test it is left to the caller to remove it. */
export async function temporaryDirectory(t?: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'fi-consult-test-'));
  if (t !== undefined) directories.push(directory);
  return directory;
}
