import { Validator } from '@cfworker/json-schema';

import openapi from '../../../src/serve/openapi.json' with { type: 'json' };
import { TestService } from './service.js';

interface Described {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

/** One operation of openapi.json. */
export interface Operation {
  /** Such as `GET /v1/locks/{name}`. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly isOpen: boolean;
  readonly responses: Readonly<Record<string, Described>>;
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: object } } };
}

export const OPERATIONS: readonly Operation[] = Object.entries(openapi.paths).flatMap(([path, methods]) =>
  Object.entries(methods as unknown as Readonly<Record<string, Operation & { readonly security?: unknown }>>)
    .filter(([method]) => method !== 'parameters')
    .map(([method, operation]) => {
      const upper = method.toUpperCase();
      return { ...operation, name: `${upper} ${path}`, method: upper, path, isOpen: operation.security !== undefined };
    }),
);

/** The operation that a request asks for. Undefined: openapi.json has none. */
export function operationOf(method: string, pathname: string): Operation | undefined {
  const path = templateOf(method, decoded(pathname));
  return OPERATIONS.find((each) => each.method === method && each.path === path);
}

function templateOf(method: string, path: string): string {
  if (path === '/v1/locks/') return '/v1/locks';
  if (path.startsWith('/v1/history/')) return '/v1/history/{name}';
  if (!path.startsWith('/v1/locks/')) return path;
  const [, verb] = /^\/v1\/locks\/.+\/([\w-]+)$/s.exec(method === 'POST' ? path : '') ?? [];
  return `/v1/locks/{name}${verb === undefined ? '' : `/${verb}`}`;
}

/** A service decodes the path at once, so that an escaped slash is one. */
function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

/** Nobody reads this answer: the client has left. */
const LEFT = 499;
const ERROR = { $ref: '#/components/schemas/Error' };
const ANY_ERROR = { 'application/json': { schema: ERROR } };

/** What about an answer, or about the body that it accepted, is not as openapi.json says. */
export async function problemsOf(
  operation: Operation,
  response: Response,
  body?: unknown,
): Promise<readonly unknown[]> {
  const { name, responses, requestBody } = operation;
  const listed = response.status === LEFT ? { content: ANY_ERROR } : responses[String(response.status)];
  if (listed === undefined) return [`${name}: the status ${String(response.status)} is not listed`];
  const type = response.headers.get('content-type')?.split(';')[0] ?? '';
  const schema = resolved(listed).content?.[type]?.schema;
  if (schema === undefined) return [`${name} ${String(response.status)}: the type ${type} is not listed`];
  const ofRequest =
    response.ok && requestBody && body !== undefined
      ? errorsOf(requestBody.content['application/json'].schema, body)
      : [];
  if (type !== 'application/json') return ofRequest;
  return [...ofRequest, ...errorsOf(schema, await response.clone().json())];
}

function resolved(described: Described): Described {
  const [, name] = /^#\/components\/responses\/(\w+)$/.exec(described.$ref ?? '') ?? [];
  if (name === undefined) return described;
  return (openapi.components as unknown as { responses: Readonly<Record<string, Described>> }).responses[name] ?? {};
}

/** What about the answer to any request below `/v1` is not as openapi.json says. */
export async function v1ProblemsOf(method: string, pathname: string, response: Response): Promise<readonly unknown[]> {
  const operation = operationOf(method, pathname);
  if (operation) return problemsOf(operation, response);
  if (response.ok) return [`openapi.json has no ${method} ${pathname}`];
  return errorsOf(ERROR, await response.clone().json());
}

const validators = new WeakMap<object, Validator>();

export function errorsOf(schema: object, value: unknown): readonly unknown[] {
  const { components } = openapi;
  // To make one takes far longer than to use it.
  const validator = validators.get(schema) ?? new Validator({ ...schema, components }, '2020-12');
  validators.set(schema, validator);
  return validator.validate(value).errors;
}

/** A service of which each answer has to be as openapi.json says. */
export class CheckedService extends TestService {
  override async ask(request: string, body?: unknown, init?: RequestInit): Promise<Response> {
    const response = await super.ask(request, body, init);
    const [method = '', path = ''] = request.split(' ');
    const operation = operationOf(method, new URL(path, 'http://localhost').pathname);
    if (operation === undefined) throw new Error(`openapi.json has no ${request}`);
    const problems = await problemsOf(operation, response, body);
    if (problems.length > 0) throw new Error(`${request}: ${JSON.stringify(problems)}`);
    return response;
  }
}
