/** The application on a socket, and how it stops without dropping a request. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { CodedError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { sendProblem } from './raw-answer.js';

/** How often a stop looks for connections that have become idle. */
const IDLE_CHECK_MS = 20;

export interface HttpServer {
  /** Where it listens, such as `http://127.0.0.1:7001`. */
  readonly url: string;
  readonly port: number;
  /**
   * Stops gracefully: takes no new connections, finishes the requests in flight, and answers every further one
   * with 503 SHUTTING_DOWN and `Connection: close`. What is not done after `limits.shutdownMs` is cut off.
   * With `drainMs`, requests on open connections are served for so long before that, each answer with
   * `Connection: close`. A second call waits for the first.
   */
  close(): Promise<void>;
}

/** Listens. INVALID_SETTINGS if the address cannot be had. Port 0 takes any free one. */
export async function startServer(
  app: FastifyInstance,
  {
    host,
    port,
    shutdownMs = limits.shutdownMs,
    drainMs = 0,
  }: { host: string; port: number; shutdownMs?: number; drainMs?: number },
): Promise<HttpServer> {
  // Fastify would listen on every address of the name, with servers that a stop does not know.
  const address = host === 'localhost' ? '127.0.0.1' : host;
  try {
    await app.listen({ host: address, port });
  } catch (error) {
    throw addressError(error, host, port);
  }
  const listening = app.server.address() as AddressInfo;
  const shownHost = listening.family === 'IPv6' ? `[${listening.address}]` : listening.address;
  let closing: Promise<void> | undefined;
  return {
    url: `http://${shownHost}:${listening.port}`,
    port: listening.port,
    close() {
      closing ??=
        drainMs === 0
          ? closeGracefully(app, shutdownMs)
          : drain(app, drainMs).then(() => closeGracefully(app, shutdownMs));
      return closing;
    },
  };
}

/**
 * Takes no new connections and lets clients leave those they have: another process goes on for them, and none of
 * their requests is refused. One who sends nothing meanwhile finds the connection closed, as after any idle time.
 */
async function drain({ server }: FastifyInstance, drainMs: number): Promise<void> {
  server.prependListener('request', (_request, response) => {
    response.shouldKeepAlive = false;
  });
  const isOver = new AbortController();
  // The close of HTTP would end idle connections at once, on which a request may be on its way.
  const closed = new Promise((resolve) => NetServer.prototype.close.call(server, resolve));
  const limit = delay(drainMs, undefined, { signal: isOver.signal }).catch(() => undefined);
  await Promise.race([closed, limit]);
  isOver.abort();
}

async function closeGracefully(app: FastifyInstance, shutdownMs: number): Promise<void> {
  const { server } = app;
  // Requests in flight hold on to the application's listener; those that come now find this one. A check in
  // front of every request would cost every request.
  server.removeAllListeners('request');
  server.on('request', refuse);
  // A connection that is kept alive would keep the server open until its client goes.
  const idleCheck = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const deadline = setTimeout(() => server.closeAllConnections(), shutdownMs);
  try {
    await app.close();
  } finally {
    clearInterval(idleCheck);
    clearTimeout(deadline);
  }
}

function refuse(_request: IncomingMessage, response: ServerResponse): void {
  sendProblem(
    response,
    new CodedError('SHUTTING_DOWN', 'The service is stopping. Send the request again in a few seconds.'),
    { connection: 'close' },
  );
}

const ADDRESS_ERRORS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another process; stop it, or set another FI_PORT',
  EADDRNOTAVAIL: 'is no address of this machine; set another FI_HOST',
  EACCES: 'may not be listened on by this user; set an FI_PORT from 1024',
};

function addressError(error: unknown, host: string, port: number): unknown {
  const reason = ADDRESS_ERRORS[(error as NodeJS.ErrnoException).code ?? ''];
  if (reason === undefined) return error;
  return new CodedError('INVALID_SETTINGS', `${host} port ${port} ${reason}.`, { cause: error });
}
