import { TextDecoder } from 'node:util';
import { clearTimeout, setTimeout } from 'node:timers';
import { ServiceError } from './errors.js';

/** Who sends a body may take this long for it, in milliseconds. */
const BODY_LIMIT_MS = 10_000;

/** Reads the body of a request, of at most `mostBytes`. */
export async function readBytes(request: Request, mostBytes: number): Promise<Uint8Array> {
  const reader = request.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort();
    void reader.cancel().catch(() => undefined);
  }, BODY_LIMIT_MS);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = (await reader.read()) as { done: boolean; value?: Uint8Array };
      if (done || value === undefined) break;
      bytes += value.byteLength;
      if (bytes > mostBytes) throw new ServiceError('too_large', `the body has more than ${mostBytes} bytes`);
      chunks.push(value);
    }
  } catch (cause) {
    void reader.cancel().catch(() => undefined);
    if (cause instanceof ServiceError) throw cause;
    throw new ServiceError('bad_request', 'the body could not be read', { cause });
  } finally {
    clearTimeout(timer);
  }
  if (!late.signal.aborted) return Buffer.concat(chunks);
  throw new ServiceError('timeout', 'the body did not arrive in time');
}

export type Json = Readonly<Record<string, unknown>>;

/** Reads a JSON object. A page of another origin can send no such body without asking first, which is refused. */
export async function readJson(request: Request, mostBytes: number): Promise<Json> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new ServiceError('unsupported_media_type', 'expected a body of the type application/json');
  }
  const bytes = await readBytes(request, mostBytes);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new ServiceError('bad_request', 'expected a JSON object as the body');
}
