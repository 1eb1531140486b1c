import { clearInterval, setInterval } from 'node:timers';
import type { RequestContext } from '../context.js';
import type { FeedEvent } from '../feed.js';
import { ServiceError } from '../errors.js';
import { respond } from '../respond.js';
import { methodNotAllowed } from './locks.js';

/** A comment is sent so often that no proxy takes the connection for dead, in milliseconds. */
const HEARTBEAT_MS = 15_000;
const MOST_STREAMS = 100;
/** A client that reads no more than this is ended, in events. */
const MOST_UNREAD = 10_000;

let streams = 0;

/** The changes of all locks as server-sent events, beginning with all that are there. */
export function eventsRoute({ request, service }: RequestContext): Response {
  if (request.method !== 'GET') throw methodNotAllowed('GET');
  if (streams >= MOST_STREAMS) throw new ServiceError('too_many_waits', 'too many streams', { retryAfterMs: 5000 });
  let end = (): void => undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        end = feedInto(controller, service.feed.subscribe.bind(service.feed));
        if (request.signal.aborted) end();
        else request.signal.addEventListener('abort', end, { once: true });
      },
      cancel: () => {
        end();
      },
    },
    { highWaterMark: MOST_UNREAD },
  );
  return respond(200, body, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
}

function feedInto(
  controller: ReadableStreamDefaultController<Uint8Array>,
  subscribe: (subscriber: (event: FeedEvent) => void) => () => void,
): () => void {
  const encoder = new TextEncoder();
  let isOver = false;
  let unsubscribe = (): void => undefined;
  const send = (text: string): void => {
    if (isOver) return;
    if ((controller.desiredSize ?? 0) <= 0) end();
    else controller.enqueue(encoder.encode(text));
  };
  const heartbeat = setInterval(() => {
    send(':\n\n');
  }, HEARTBEAT_MS);
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
  unsubscribe = subscribe(({ type, ...data }) => {
    send(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
  });
  return end;
}
