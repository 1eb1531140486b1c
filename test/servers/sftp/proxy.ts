import { once } from 'node:events';
import { connect, createServer, type Server as NetServer, type Socket } from 'node:net';

/** The two ends of a connection that leads through here. */
type Pair = readonly [Socket, Socket];

/** A way to a server that delays, counts and breaks. */
export class Proxy {
  readonly #server: NetServer;
  readonly #target: number;
  readonly #latencyMs: number;
  readonly #pairs = new Set<Pair>();
  readonly #muted = new Set<Pair>();
  readonly #queues = new WeakMap<Socket, (() => void)[]>();
  #silent = false;
  #trips = 0;
  #answered = true;
  /** By how much longer than its share of the latency every answer takes that comes from now on. */
  replyDelayMs = 0;
  /** When the last answer was let through. */
  lastReplyMs = 0;
  /** Called when somebody connects. */
  onConnection: (() => void) | undefined;
  /** Called with each piece that goes to the server, before it does. True: cut the connection instead. */
  onRequest: ((data: Buffer) => boolean) | undefined;
  /** The same for what comes back. */
  onReply: ((data: Buffer) => boolean) | undefined;

  private constructor(server: NetServer, target: number, latencyMs: number) {
    this.#server = server;
    this.#target = target;
    this.#latencyMs = latencyMs;
    server.on('connection', (client: Socket) => this.#join(client));
  }

  static async to(target: number, latencyMs = 0): Promise<Proxy> {
    const server = createServer({ noDelay: true });
    const proxy = new Proxy(server, target, latencyMs);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  get latencyMs(): number {
    return this.#latencyMs;
  }

  /** How often something was sent after an answer: what one waits for. */
  get roundTrips(): number {
    return this.#trips;
  }

  /** Breaks all connections, or those that were chosen. */
  cut(chosen: (pairs: readonly Pair[]) => readonly Pair[] = (pairs) => pairs): void {
    for (const pair of chosen([...this.#pairs])) {
      for (const socket of pair) socket.resetAndDestroy();
      this.#pairs.delete(pair);
    }
  }

  /** Nothing gets through any more, in either direction, and no connection is closed. */
  set silent(silent: boolean) {
    this.#silent = silent;
  }

  /** Connections that are open now fall silent for good, and none is closed. */
  silence(): void {
    for (const pair of this.#pairs) this.#muted.add(pair);
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
    this.onConnection?.();
    const server = connect({ port: this.#target, host: '127.0.0.1', noDelay: true });
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    client.on('data', (data: Buffer) => {
      if (this.#answered) this.#trips += 1;
      this.#answered = false;
      if (this.onRequest?.(data)) this.cut();
      else this.#pass(pair, data, server);
    });
    server.on('data', (data: Buffer) => {
      if (this.onReply?.(data)) this.cut();
      else {
        const passed = (): void => {
          this.#answered = true;
          this.lastReplyMs = performance.now();
        };
        this.#pass(pair, data, client, passed, this.replyDelayMs);
      }
    });
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        for (const each of pair) each.destroy();
        this.#pairs.delete(pair);
      });
    }
  }

  /** Half of the latency on each way. */
  #pass(pair: Pair, data: Buffer, to: Socket, passed: () => void = () => undefined, moreMs = 0): void {
    const deliver = (): void => {
      if (this.#silent || this.#muted.has(pair) || to.destroyed) return;
      passed();
      to.write(data);
    };
    const delayMs = this.#latencyMs / 2 + moreMs;
    const queue = this.#queues.get(to) ?? [];
    this.#queues.set(to, queue);
    if (delayMs === 0 && queue.length === 0) {
      deliver();
      return;
    }
    // Whatever the delays, what came first goes first.
    queue.push(deliver);
    setTimeout(() => queue.shift()?.(), delayMs);
  }
}
