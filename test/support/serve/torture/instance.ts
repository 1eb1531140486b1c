import { freePort, startDaemon, type Running } from '../../process.js';
import { answersHttp } from '../../http.js';

/** One instance of the service, as a process of its own that is killed and started again on the same port. */
export class Instance {
  readonly url: string;
  readonly #command: readonly [string, ...string[]];
  #running: Running | undefined;

  private constructor(location: string, port: number) {
    this.url = `http://127.0.0.1:${port}`;
    const listen = ['--listen', `127.0.0.1:${port}`];
    this.#command = [process.execPath, 'dist/cli/main.js', 'serve', location, ...listen];
  }

  static async on(location: string): Promise<Instance> {
    return new Instance(location, await freePort());
  }

  async start(): Promise<void> {
    this.#running = await startDaemon(this.#command, () => answersHttp(`${this.url}/healthz`));
  }

  async kill(): Promise<void> {
    await this.#running?.stop('SIGKILL');
  }
}
