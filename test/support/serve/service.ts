import { memVfs } from '../../../src/backends/mem/index.js';
import { lockService, type LockService, type LockServiceOptions } from '../../../src/serve/index.js';
import { hashOf } from '../../../src/serve/tokens.js';
import type { Vfs } from '../../../src/vfs/vfs.js';

export const READER = 'token-of-the-reader';
export const WRITER = 'token-of-the-writer';
export const OTHER = 'token-of-another-writer';

export const TOKENS = [
  { name: 'reader', hash: hashOf(READER), scope: 'read' },
  { name: 'writer', hash: hashOf(WRITER), scope: 'write' },
  { name: 'other', hash: hashOf(OTHER), scope: 'write' },
] as const;

/** A service on files in memory, and how to ask it. */
export class TestService {
  readonly vfs: Vfs;
  readonly service: LockService;
  readonly errors: unknown[] = [];

  constructor(options: Partial<LockServiceOptions> = {}, vfs: Vfs = memVfs()) {
    this.vfs = vfs;
    this.service = lockService({
      location: { vfs, path: '' },
      maxRate: Infinity,
      onError: (error) => this.errors.push(error),
      ...options,
    });
  }

  /** `request`: such as `POST /v1/locks/a/acquire`. A body that is an object is sent as JSON. */
  ask(request: string, body?: unknown, init: RequestInit = {}): Promise<Response> {
    const [method = '', path = ''] = request.split(/ (.*)/s);
    const isJson = typeof body === 'object' && body !== null && !(body instanceof Uint8Array);
    const headers = { ...(isJson && { 'content-type': 'application/json' }), ...(init.headers as object) };
    const sent = body === undefined ? {} : { body: isJson ? JSON.stringify(body) : (body as string) };
    return this.service(new Request(`http://localhost${path}`, { method, ...init, ...sent, headers }));
  }

  /** The status and the JSON of an answer. */
  async json(request: string, body?: unknown, init?: RequestInit): Promise<Answer> {
    const response = await this.ask(request, body, init);
    const text = await response.text();
    return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as Answer['body'] };
  }

  async text(request: string, body?: unknown, init?: RequestInit): Promise<readonly [number, string]> {
    const response = await this.ask(request, body, init);
    return [response.status, await response.text()];
  }
}

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export function bearer(token: string): RequestInit {
  return { headers: { authorization: `Bearer ${token}` } };
}
