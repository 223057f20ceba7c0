/** What the service says of its own routes (OpenAPI), as far as inputs and expectations are derived from it. */
import assert from 'node:assert/strict';

/** A JSON Schema, as far as the document has them. */
export interface Schema {
  type?: string | readonly string[];
  enum?: readonly unknown[];
  const?: unknown;
  oneOf?: readonly Schema[];
  anyOf?: readonly Schema[];
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  pattern?: string;
  format?: string;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: Schema;
}

export interface Route {
  method: string;
  /** Such as `/consultations/{id}`. */
  path: string;
  parameters: readonly Parameter[];
  /** By media type; none if the document has none. */
  bodies: ReadonlyMap<string, Schema>;
  /** The documented codes of failures, each with its status: `404 CONSULTATION_NOT_FOUND`. */
  failures: ReadonlySet<string>;
  /** The documented statuses of success. */
  successes: ReadonlySet<number>;
}

interface Operation {
  parameters?: Parameter[];
  requestBody?: { content?: Record<string, { schema: Schema }> };
  responses: Record<string, { description?: string }>;
}

/** The routes of the document that the service on this port answers with. */
export async function documentedRoutes(port: number): Promise<Route[]> {
  const answer = await fetch(`http://127.0.0.1:${port}/docs/json`);
  const { paths } = (await answer.json()) as { paths: Record<string, Record<string, Operation>> };
  const routes = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => routeOf(path, method, operation)),
  );
  assert.ok(routes.length > 5, 'the document has routes');
  return routes;
}

function routeOf(path: string, method: string, operation: Operation): Route {
  const { parameters = [], requestBody, responses } = operation;
  const failures = Object.entries(responses).flatMap(([status, { description = '' }]) =>
    [...description.matchAll(/`([A-Z_]+)`:/g)].map(([, code]) => `${status} ${code}`),
  );
  const bodies = Object.entries(requestBody?.content ?? {}).map(
    ([type, { schema }]) => [type, schema] as const,
  );
  return {
    method: method.toUpperCase(),
    path,
    parameters,
    bodies: new Map(bodies),
    failures: new Set(failures),
    successes: new Set(
      Object.keys(responses)
        .map(Number)
        .filter((status) => status < 400),
    ),
  };
}
