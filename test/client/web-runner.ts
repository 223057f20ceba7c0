/**
 * Runs the compiled client where there is nothing but what browsers have: in a context without any global of Node.
 * Started by web-only.test.ts with `--experimental-vm-modules`; its arguments are the service's address and the file
 * of the client. Prints what came of it as JSON.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createContext, type Module, SourceTextModule } from 'node:vm';

/** Of the globals that browsers have as well, those that the client may use. */
const WEB_GLOBALS = {
  fetch,
  AbortController,
  Headers,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
  crypto,
  setTimeout,
  clearTimeout,
};

const SCRIPT = `
import { commitHash, createClient } from 'client';
const client = createClient({ baseUrl });
const { consultation_id: id } = await client.createConsultation({ user_id: 'dr' });
const said = (text) => ({
  event_type: 'MESSAGE_RECEIVED',
  payload: { message_content: text, message_role: 'user' },
  user_id: 'dr',
});
await client.append(id, said('one'), { ifVersion: 1 });
await client.appendBatch(id, [said('two'), said('three')]);
for await (const _ of client.appendStream(id, [said('four'), said('five')])) {}
const versions = [];
for await (const { version } of client.follow({ consultationId: id })) if (versions.push(version) === 6) break;
let code;
await client.append(id, said('late'), { ifVersion: 1 }).catch((error) => { code = error.code; });
report({
  versions,
  code,
  messages: (await client.state(id)).messages.length,
  valid: (await client.verify(id)).valid,
  hash: await commitHash({ plan: 'rest' }),
  node: ['process', 'Buffer', 'require', 'setImmediate'].filter((name) => name in globalThis),
});
`;

const [baseUrl = '', clientUrl = ''] = process.argv.slice(2);
const context = createContext({
  ...WEB_GLOBALS,
  baseUrl,
  report: (value: unknown) => process.stdout.write(JSON.stringify(value)),
});
const modules = new Map<string, SourceTextModule>();

async function moduleOf(url: string): Promise<SourceTextModule> {
  const known = modules.get(url);
  if (known !== undefined) return known;
  const source = await readFile(fileURLToPath(url), 'utf8');
  const made = new SourceTextModule(source, { identifier: url, context });
  modules.set(url, made);
  return made;
}

function linked(specifier: string, from: Module): Promise<Module> {
  if (specifier === 'client') return moduleOf(clientUrl);
  // A package or a module of Node is nothing that a browser finds.
  if (!specifier.startsWith('./')) throw new Error(`${from.identifier} imports ${specifier}`);
  return moduleOf(new URL(specifier, from.identifier).href);
}

const script = new SourceTextModule(SCRIPT, { identifier: 'script', context });
await script.link(linked);
await script.evaluate();
