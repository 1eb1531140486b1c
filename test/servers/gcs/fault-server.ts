import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

import { ObjectTable, type Condition, type StoredObject } from './object-table.js';

/** How the store misbehaves. May be changed at any time. */
export interface Manners {
  /** Whether conditions are taken and ignored: of every kind of request, of those alone that are not uploads, or of copies. */
  ignores: 'nothing' | 'copies' | 'removals' | 'everything';
  /** By how much its clock is off, in milliseconds. */
  clockOffMs: number;
  /** How many bytes of a chunk it keeps at most. */
  chunkBytes: number;
}

interface Session {
  readonly name: string;
  readonly condition: Condition;
  readonly chunks: Buffer[];
}

interface Call {
  readonly query: URLSearchParams;
  readonly names: readonly string[];
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | object;
}

type Handler = (call: Call) => Reply;

/** As much of Google's JSON API as the backend needs, with one bucket, for what no other server can be brought to do. */
export class FaultServer {
  readonly manners: Manners = { ignores: 'nothing', clockOffMs: 0, chunkBytes: Infinity };
  readonly #table = new ObjectTable(() => Date.now() + this.manners.clockOffMs);
  readonly #sessions = new Map<string, Session>();
  readonly #server: Server;
  readonly #routes: readonly (readonly [string, RegExp, Handler])[] = [
    ['POST', /^\/storage\/v1\/b$/, () => ({ status: 200, body: {} })],
    ['POST', /^\/upload\/storage\/v1\/b\/[^/]+\/o$/, (call) => this.#upload(call)],
    ['PUT', /^\/session\/(\d+)$/, (call) => this.#chunk(call)],
    ['DELETE', /^\/session\/(\d+)$/, ({ names }) => ({ status: this.#sessions.delete(names[0]!) ? 499 : 404 })],
    ['POST', /^\/storage\/v1\/b\/[^/]+\/o\/([^/]+)\/rewriteTo\/b\/[^/]+\/o\/([^/]+)$/, (call) => this.#rewrite(call)],
    ['GET', /^\/storage\/v1\/b\/[^/]+\/o\/([^/]+)$/, (call) => this.#get(call)],
    ['DELETE', /^\/storage\/v1\/b\/[^/]+\/o\/([^/]+)$/, (call) => this.#delete(call)],
    ['PATCH', /^\/storage\/v1\/b\/[^/]+\/o\/([^/]+)$/, (call) => this.#patch(call)],
    ['GET', /^\/storage\/v1\/b\/[^/]+$/, () => ({ status: 200, body: { name: 'locks' } })],
    ['GET', /^\/storage\/v1\/b\/[^/]+\/o$/, ({ query }) => ({ status: 200, body: this.#table.page(query) })],
  ];

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request: IncomingMessage, response) => void this.#answer(request, response));
  }

  static async start(): Promise<FaultServer> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    const store = new FaultServer(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return store;
  }

  get endpoint(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${String(typeof address === 'object' && address ? address.port : 0)}`;
  }

  /** How many uploads were begun and neither completed nor cancelled. */
  get uploadsLeft(): number {
    return this.#sessions.size;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://localhost');
    const body = await buffer(request);
    for (const [method, pattern, handle] of this.#routes) {
      const match = method === request.method ? pattern.exec(url.pathname) : null;
      if (match === null) continue;
      const names = match.slice(1).map((name) => decodeURIComponent(name));
      const call = { query: url.searchParams, names, headers: request.headers, body };
      send(response, handle(call), Date.now() + this.manners.clockOffMs);
      return;
    }
    send(response, refusal(501, 'notImplemented'), Date.now());
  }

  #upload({ query, headers, body }: Call): Reply {
    const [name, condition] = [query.get('name') ?? '', this.#condition(query)];
    const type = query.get('uploadType');
    if (type === 'resumable') {
      if (this.#table.refuses(name, condition)) return refusal(412, 'conditionNotMet');
      const id = String(this.#sessions.size + Math.floor(Math.random() * 1e9));
      this.#sessions.set(id, { name, condition, chunks: [] });
      return { status: 200, headers: { location: `${this.endpoint}/session/${id}` } };
    }
    if (type !== 'multipart') return written(this.#table.put(name, body, condition));
    const [details = Buffer.from('{}'), data = Buffer.alloc(0)] = partsOf(body, headers['content-type'] ?? '');
    const { metadata } = JSON.parse(details.toString()) as { readonly metadata?: object };
    return written(this.#table.put(name, data, condition, metadata));
  }

  #chunk({ names: [id = ''], headers, body }: Call): Reply {
    const session = this.#sessions.get(id);
    const [, from, , total] = /bytes (\d+)-(\d+)\/(\d+|\*)/.exec(headers['content-range'] ?? '') ?? [];
    if (session === undefined) return refusal(404, 'notFound');
    const has = session.chunks.reduce((sum, { length }) => sum + length, 0);
    if (Number(from) > has) return refusal(400, 'invalid');
    const chunk = body.subarray(has - Number(from)).subarray(0, this.manners.chunkBytes);
    session.chunks.push(chunk);
    const length = has + chunk.length;
    if (length !== Number(total)) {
      return { status: 308, headers: length === 0 ? {} : { range: `bytes=0-${String(length - 1)}` } };
    }
    const data = Buffer.concat(session.chunks);
    this.#sessions.delete(id);
    return written(this.#table.put(session.name, data, session.condition));
  }

  #rewrite({ query, names: [from = '', to = ''] }: Call): Reply {
    const source = this.#table.objects.get(from);
    const wanted = query.get('sourceGeneration') ?? source?.generation;
    if (source === undefined || source.generation !== wanted) return refusal(404, 'notFound');
    const object = this.#table.put(to, source.data, this.#condition(query, 'copy'));
    return object ? { status: 200, body: { done: true, resource: object.about } } : refusal(412, 'conditionNotMet');
  }

  #get({ query, names: [name = ''], headers }: Call): Reply {
    const object = this.#table.objects.get(name);
    const generation = query.get('generation');
    if (object === undefined || (generation !== null && generation !== object.generation)) {
      return refusal(404, 'notFound');
    }
    return query.get('alt') === 'media' ? media(object, headers.range) : { status: 200, body: object.about };
  }

  #delete({ query, names: [name = ''] }: Call): Reply {
    if (!this.#table.objects.has(name)) return refusal(404, 'notFound');
    if (this.#table.refuses(name, this.#condition(query, 'removal'))) return refusal(412, 'conditionNotMet');
    this.#table.objects.delete(name);
    return { status: 204 };
  }

  #patch({ query, names: [name = ''], body }: Call): Reply {
    if (!this.#table.objects.has(name)) return refusal(404, 'notFound');
    const { metadata = {} } = JSON.parse(body.toString()) as { readonly metadata?: object };
    return written(this.#table.patch(name, metadata, this.#condition(query)));
  }

  #condition(query: URLSearchParams, kind: 'upload' | 'removal' | 'copy' = 'upload'): Condition {
    const { ignores } = this.manners;
    if (ignores === 'everything' || (ignores === 'removals' && kind !== 'upload')) return {};
    if (ignores === 'copies' && kind === 'copy') return {};
    const [generation, metageneration] = [query.get('ifGenerationMatch'), query.get('ifMetagenerationMatch')];
    return {
      ...(generation === null ? {} : { generation }),
      ...(metageneration === null ? {} : { metageneration }),
    };
  }
}

function media(object: StoredObject, range: string | undefined): Reply {
  const { data, generation, updatedMs } = object;
  const told = { 'x-goog-generation': generation, 'last-modified': new Date(updatedMs).toUTCString() };
  const [, from, until] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
  if (from === undefined) return { status: 200, headers: told, body: data };
  if (Number(from) >= data.length) return refusal(416, 'requestedRangeNotSatisfiable');
  const part = data.subarray(Number(from), Number(until) + 1);
  const last = String(Number(from) + part.length - 1);
  const where = `bytes ${from}-${last}/${String(data.length)}`;
  return { status: 206, headers: { ...told, 'content-range': where }, body: part };
}

function written(object: StoredObject | undefined): Reply {
  return object ? { status: 200, body: object.about } : refusal(412, 'conditionNotMet');
}

function refusal(code: number, reason: string): Reply {
  return { status: code, body: { error: { code, message: reason, errors: [{ reason, message: reason }] } } };
}

/** The bodies of the parts, of which there are two. */
function partsOf(body: Buffer, type: string): readonly Buffer[] {
  const [, boundary = ''] = /boundary="?([^";]+)/.exec(type) ?? [];
  const second = body.indexOf(`--${boundary}`, boundary.length);
  const after = (from: number): number => body.indexOf('\r\n\r\n', from) + 4;
  const first = body.subarray(after(0), body.lastIndexOf('\r\n', second));
  return [first, body.subarray(after(second), body.lastIndexOf(`\r\n--${boundary}--`))];
}

function send(response: ServerResponse, { status, headers = {}, body = Buffer.alloc(0) }: Reply, nowMs: number): void {
  const data = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const type = Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json; charset=UTF-8';
  const length = status === 204 ? {} : { 'content-length': String(data.length) };
  response.writeHead(status, { 'content-type': type, ...length, date: new Date(nowMs).toUTCString(), ...headers });
  response.end(status === 204 ? undefined : data);
}
