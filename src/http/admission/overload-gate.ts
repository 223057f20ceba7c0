/** Puts a gate before each connection of a server while requests are dropped, and takes them away afterwards. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { limits } from '../../domain/limits.js';
import type { Logger } from '../../ops/logger.js';
import type { Admission } from './admission.js';
import { ConnectionGate } from './connection-gate.js';
import { refuseRun } from './refusal-answers.js';

/** Guards a server whose listeners for requests are all there. */
export function guardAgainstOverload(server: Server, admission: Admission, logger: Logger): void {
  const sockets = new Set<Socket>();
  const gates = new Map<Socket, ConnectionGate>();
  let isShut = false;

  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      gates.delete(socket);
    });
    if (isShut) gates.set(socket, new ConnectionGate(socket, admission, true));
  });

  type Handler = (request: IncomingMessage, response: ServerResponse) => void;
  const handlers = server.listeners('request') as Handler[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    const refused = gates.size === 0 ? 0 : (gates.get(request.socket)?.refusedWith(request, response) ?? 0);
    if (refused > 0) refuseRun(response, refused);
    else for (const handler of handlers) handler.call(server, request, response);
  });

  admission.whenShedding(() => {
    isShut = true;
    logger.warn({ queue: admission.figures() }, 'overloaded: requests are refused');
    for (const socket of sockets) {
      if (!gates.has(socket)) gates.set(socket, new ConnectionGate(socket, admission, false));
    }
    // Unreferenced: it must not hold up the end of a process.
    const check = setInterval(() => {
      if (admission.restMs() < limits.sheddingRestMs) return;
      clearInterval(check);
      isShut = false;
      for (const gate of gates.values()) gate.open();
      gates.clear();
      logger.warn({ queue: admission.figures() }, 'no longer overloaded');
    }, limits.sheddingRestMs / 4).unref();
  });
}
