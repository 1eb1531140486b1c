import { once } from 'node:events';
import { Agent, createServer, request, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A request that came by, and what a fault can do with it. */
export interface Exchange {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Which of the requests since `seen` was emptied it is, from 1. */
  readonly number: number;
  /** The status that was sent back; undefined: none was. */
  status?: number;
  /** Sends it on and waits for the answer. */
  readonly forward: () => Promise<Answer>;
  readonly reply: (answer: Answer) => void;
  /** Breaks the connection to who asked. */
  readonly cut: () => void;
}

/** What becomes of a request. */
export type Fault = (exchange: Exchange) => Promise<void> | void;

/** A way to an S3 server that keeps a record of all requests and can break any of them. */
export class S3Proxy {
  readonly seen: Exchange[] = [];
  /** Asked for each request. Undefined: it passes. */
  fault: ((exchange: Exchange) => Fault | undefined) | undefined;
  readonly #server: Server;
  readonly #target: URL;
  readonly #agent = new Agent({ keepAlive: true });

  private constructor(server: Server, target: string) {
    this.#server = server;
    this.#target = new URL(target);
    server.on('request', (incoming: IncomingMessage, outgoing) => {
      const exchange = this.#exchange(incoming, (answer) => {
        exchange.status = answer.status;
        outgoing.writeHead(answer.status, answer.headers).end(answer.body);
      });
      this.seen.push(exchange);
      const passed = async (): Promise<void> => exchange.reply(await exchange.forward());
      const fault = this.fault?.(exchange) ?? passed;
      Promise.resolve(fault(exchange)).catch(() => exchange.cut());
    });
  }

  static async to(target: string): Promise<S3Proxy> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    const proxy = new S3Proxy(server, target);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get endpoint(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${String(typeof address === 'object' && address ? address.port : 0)}`;
  }

  /** The requests since the last call, such as `PUT 200`; the count starts again from zero. */
  taken(): readonly string[] {
    return this.seen.splice(0).map(({ method, status }) => `${method} ${String(status ?? 'unanswered')}`);
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
    this.#agent.destroy();
  }

  #exchange(incoming: IncomingMessage, reply: (answer: Answer) => void): Exchange {
    const { method = '', url = '', headers } = incoming;
    const body = buffer(incoming);
    body.catch(() => undefined);
    const forward = async (): Promise<Answer> => {
      const options = { method, path: url, headers, host: this.#target.hostname, port: this.#target.port };
      const whole = await body;
      const onward = request({ ...options, agent: this.#agent });
      onward.end(whole);
      const [answer] = (await once(onward, 'response')) as [IncomingMessage];
      return { status: answer.statusCode ?? 0, headers: answer.headers, body: await buffer(answer) };
    };
    const cut = (): void => {
      incoming.socket.destroy();
    };
    return { method, url, headers, number: this.seen.length + 1, forward, reply, cut };
  }
}

/** The write landed, and nobody hears so. */
export const loseReply: Fault = async ({ forward, cut }) => {
  await forward();
  cut();
};

/** The request never arrives. */
export const loseRequest: Fault = ({ cut }) => cut();

/** The store answers so and does nothing. */
export function answer(status: number, code: string): Fault {
  const body = Buffer.from(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code} it is</Message></Error>`);
  const headers = { 'content-type': 'application/xml', 'content-length': String(body.length) };
  return ({ reply }) => reply({ status, headers: { ...headers, date: new Date().toUTCString() }, body });
}

/** The store answers so, after it did what was asked. */
export function answerAfter(status: number, code: string): Fault {
  return async (exchange) => {
    await exchange.forward();
    await answer(status, code)(exchange);
  };
}

/** The reply comes so late. */
export function delayReply(ms: number): Fault {
  return async ({ forward, reply }) => {
    const late = await forward();
    await sleep(ms);
    reply(late);
  };
}

/** The sender is cut off, and the request arrives that many milliseconds later. `arrived` receives the status. */
export function delayRequest(ms: number, arrived: (status: number) => void): Fault {
  return async ({ forward, cut }) => {
    cut();
    await sleep(ms);
    arrived((await forward()).status);
  };
}

/** Only the n-th request of a method goes wrong. */
export function nth(method: string, n: number, fault: Fault): (exchange: Exchange) => Fault | undefined {
  let seen = 0;
  return (exchange) => (exchange.method === method && (seen += 1) === n ? fault : undefined);
}

/** Every request of a method goes wrong. */
export function all(method: string, fault: Fault): (exchange: Exchange) => Fault | undefined {
  return (exchange) => (exchange.method === method ? fault : undefined);
}
