/** Where code is, said without the paths of a machine: `dist/src/http/server.js`, `node_modules/fastify/fastify.js`. */
import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Folders of any clone or installation: what comes before them is the machine's. */
const KNOWN_FOLDERS = /\/((?:node_modules|dist)\/.*)$/;

/** `url` is that of a script in a profile: a file, as url or, of CommonJS, as path; `node:net`, `wasm://…` or nothing. */
export function portableUrl(url: string): string {
  if (!url.startsWith('file:') && !isAbsolute(url)) return url;
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  const inside = relative(ROOT, path);
  if (!inside.startsWith('..')) return inside;
  return KNOWN_FOLDERS.exec(path)?.[1] ?? path.slice(path.lastIndexOf('/') + 1);
}
