/** The folder that a profile is written to: it may replace an earlier profile, and nothing else. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

const META = 'meta.json';

/** Throws an error that says what to do if there is something in the folder that no profile has left there. */
export async function checkFolder(directory: string): Promise<void> {
  const known = await earlierFiles(directory);
  const foreign = (await entriesOf(directory)).filter((name) => !known.includes(name));
  if (foreign.length === 0) return;
  throw new Error(`${directory} has ${foreign[0]} in it, which is of no profile: name another folder`);
}

/** Writes the files of a profile in the place of those of an earlier one. Throws as `checkFolder` does. */
export async function replaceFolder(
  directory: string,
  files: Readonly<Record<string, string>>,
  meta: object,
): Promise<void> {
  await checkFolder(directory);
  for (const name of await earlierFiles(directory)) await rm(join(directory, name), { force: true });
  await mkdir(directory, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
  await writeFile(join(directory, META), `${JSON.stringify(meta, null, 1)}\n`);
}

/** What its `meta.json` lists, and itself; of any version of its schema. */
async function earlierFiles(directory: string): Promise<string[]> {
  try {
    const { files } = JSON.parse(await readFile(join(directory, META), 'utf8')) as { files: unknown[] };
    return [META, ...files.map((name) => basename(String(name)))];
  } catch {
    return [];
  }
}

function entriesOf(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return [];
  });
}
