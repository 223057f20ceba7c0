/** Node's HTTP server with every limit said explicitly, and the gate in front of the framework. */
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { limits } from '../domain/limits.js';
import { type GateOptions, gated, refuseExpectation } from './gate.js';
import { HardenedResponse } from './hardened-response.js';

/** How long a connection may take for what; for tests that do not want to wait as long as a service does. */
export interface ConnectionTimes {
  /** From the first byte of a request, or from connecting, to the end of its headers. */
  headersMs?: number;
  /** To the end of its body. */
  requestMs?: number;
  /** Between an answer and the next request. */
  keepAliveMs?: number;
  /** How often connections are looked at; a slow one lives up to this much longer. */
  checkMs?: number;
}

export interface NodeServerOptions extends GateOptions {
  times?: ConnectionTimes;
  connectionsMax?: number;
}

/** A server that does not listen yet. */
export function createNodeServer(listener: RequestListener, options: NodeServerOptions): Server {
  const { times = {}, connectionsMax = limits.connectionsMax } = options;
  const server = createServer(
    {
      ServerResponse: HardenedResponse as typeof ServerResponse,
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: times.headersMs ?? limits.requestHeadMs,
      requestTimeout: times.requestMs ?? limits.requestMs,
      keepAliveTimeout: times.keepAliveMs ?? limits.keepAliveMs,
      connectionsCheckingInterval: times.checkMs ?? limits.connectionCheckMs,
      insecureHTTPParser: false,
      // Node would refuse it with an answer that has no body; gate.ts does it with a problem document.
      requireHostHeader: false,
    },
    gated(listener, options),
  );
  server.on('checkExpectation', refuseExpectation);
  server.maxConnections = connectionsMax;
  // One more than is accepted, so that too many are seen.
  server.maxHeadersCount = limits.headersMax + 1;
  return server;
}
