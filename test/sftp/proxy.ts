import { once } from 'node:events';
import { connect, createServer, type Server as NetServer, type Socket } from 'node:net';

/** A way to a server that delays, counts and breaks. */
export class Proxy {
  readonly #server: NetServer;
  readonly #target: number;
  readonly #latencyMs: number;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #muted = new Set<readonly [Socket, Socket]>();
  #silent = false;
  #trips = 0;
  #answered = true;
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

  /** How often something was sent after an answer: what one waits for. */
  get roundTrips(): number {
    return this.#trips;
  }

  /** Breaks all connections. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
    this.#pairs.clear();
  }

  /** Nothing gets through any more, in either direction, and nobody is told. */
  set silent(silent: boolean) {
    this.#silent = silent;
  }

  /** What is open now falls silent for good, and nobody is told. */
  silence(): void {
    for (const pair of this.#pairs) this.#muted.add(pair);
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
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
      else this.#pass(pair, data, client, () => (this.#answered = true));
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
  #pass(pair: readonly [Socket, Socket], data: Buffer, to: Socket, passed: () => void = () => undefined): void {
    const deliver = (): void => {
      if (this.#silent || this.#muted.has(pair) || to.destroyed) return;
      passed();
      to.write(data);
    };
    if (this.#latencyMs === 0) deliver();
    else setTimeout(deliver, this.#latencyMs / 2);
  }
}
