import { clearInterval, setInterval } from 'node:timers';
import type { RequestContext } from '../context.js';
import type { FeedEvent } from '../feed.js';
import { ServiceError } from '../errors.js';
import { respond } from '../respond.js';
import { authenticate } from '../tokens.js';
import { methodNotAllowed } from './locks.js';

/** A comment is sent so often that no proxy takes the connection for dead, in milliseconds. The token is checked again as often. */
const HEARTBEAT_MS = 15_000;
const MOST_STREAMS = 100;
/** A client with more changes unread than this is ended, in bytes. */
const MOST_UNREAD = 1_000_000;

let streams = 0;

/** The changes of all locks as server-sent events, beginning with all that are there. */
export function eventsRoute(context: RequestContext): Response {
  const { request } = context;
  if (request.method !== 'GET') throw methodNotAllowed('GET');
  if (streams >= MOST_STREAMS) throw new ServiceError('too_many_waits', 'too many streams', { retryAfterMs: 5000 });
  let end = (): void => undefined;
  const unread = { bytes: 0 };
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        end = feedInto(controller, unread, context);
        if (request.signal.aborted) end();
        else request.signal.addEventListener('abort', end, { once: true });
      },
      cancel: () => {
        end();
      },
    },
    { highWaterMark: MOST_UNREAD, size: () => unread.bytes },
  );
  return respond(200, body, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
}

/** `unread`: what the next chunk counts. All locks together are as many as they are, and count nothing. */
function feedInto(
  controller: ReadableStreamDefaultController<Uint8Array>,
  unread: { bytes: number },
  { request, service }: RequestContext,
): () => void {
  const encoder = new TextEncoder();
  let isOver = false;
  let unsubscribe = (): void => undefined;
  const send = (text: string, isCounted = true): void => {
    if (isOver) return;
    const chunk = encoder.encode(text);
    unread.bytes = isCounted ? chunk.byteLength : 0;
    if ((controller.desiredSize ?? 0) <= 0) end();
    else controller.enqueue(chunk);
  };
  const beat = async (): Promise<void> => {
    // A token may have been taken away meanwhile.
    if (service.tokens) authenticate(request, await service.tokens.read());
    send(':\n\n');
  };
  const heartbeat = setInterval(() => void beat().catch(end), HEARTBEAT_MS);
  function end(): void {
    if (isOver) return;
    isOver = true;
    streams -= 1;
    clearInterval(heartbeat);
    unsubscribe();
    try {
      controller.close();
    } catch {
      // The reader has cancelled it already.
    }
  }
  streams += 1;
  send('retry: 2000\n\n');
  unsubscribe = service.feed.subscribe(({ type, ...data }: FeedEvent) => {
    send(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`, type !== 'snapshot');
  });
  return end;
}
