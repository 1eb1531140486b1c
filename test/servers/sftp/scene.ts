import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

import { sftpVfs, type SftpVfs, type SftpVfsOptions } from '../../../src/backends/sftp/index.js';
import { localVfs, Lockfile, LockLostError, VfsError, VfsFile } from '../../../src/index.js';
import { must, signalAll } from '../../support/process.js';
import { Proxy } from './proxy.js';
import { startServer, type Server, type ServerKind, type ServerUse } from './servers.js';
import { useServer } from './use-server.js';

/** Found out fast, so that a test of a failure takes no minutes. */
export const QUICK = { keepalive: '300ms', timeout: '2s', connectTimeout: '5s', reconnect: '10s' } as const;

/** A server, a way to it that can be broken, a folder of it, and a store over that way. */
export class Scene {
  readonly proxy: Proxy;
  readonly folder: string;
  readonly vfs: SftpVfs;
  readonly #others: SftpVfs[] = [];
  readonly #server: ServerUse;
  /** The server, if this scene is the only one to use it. */
  #own: Server | undefined;
  /** The holder's folders of this process: it keeps them for a moment after a release. */
  readonly #keptFolders = new Set<string>();

  private constructor(kind: ServerKind, server: ServerUse, proxy: Proxy, options: Partial<SftpVfsOptions>) {
    this.#server = server;
    this.proxy = proxy;
    this.folder = mkdtempSync(join(server.folder, 'scene-'));
    if (kind.uid !== undefined) must('chown', String(kind.uid), this.folder);
    this.vfs = this.through(options);
  }

  static async open(kind: ServerKind, options: Partial<SftpVfsOptions> = QUICK): Promise<Scene> {
    return Scene.#of(kind, await useServer(kind), options);
  }

  /** With a server of its own, which can be killed. */
  static async alone(kind: ServerKind): Promise<Scene> {
    const server = await startServer(kind);
    const scene = await Scene.#of(kind, server, QUICK);
    scene.#own = server;
    return scene;
  }

  static async #of(kind: ServerKind, server: ServerUse, options: Partial<SftpVfsOptions>): Promise<Scene> {
    const scene = new Scene(kind, server, await Proxy.to(server.port), options);
    try {
      await scene.vfs.connect();
      return scene;
    } catch (error) {
      await scene.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const vfs of this.#others) vfs.close();
    await this.proxy.close();
    await (this.#own ?? this.#server).dispose();
  }

  get server(): ServerUse {
    return this.#server;
  }

  /** Another store of its own connection, over the same way. */
  through(options: Partial<SftpVfsOptions>): SftpVfs {
    const given = { ...this.#server.options, root: this.folder, port: this.proxy.port };
    const vfs = sftpVfs({ ...given, hostKey: this.#server.fingerprint, ...options });
    this.#others.push(vfs);
    return vfs;
  }

  /** Ends the server and all that serves for it, at this very moment; resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#own?.stop('SIGKILL');
  }

  /** Sends a signal to the server and to all that serves for it. */
  signal(signal: NodeJS.Signals): void {
    if (this.#own) signalAll(this.#own.pid, signal);
  }

  async restart(): Promise<void> {
    this.#own = await this.#own?.again();
  }

  /** All that stands in the folder, except the holder's folders that this process keeps there itself. */
  get listing(): readonly string[] {
    return readdirSync(this.folder)
      .filter((name) => !this.#keptFolders.has(name.split('-').pop() ?? ''))
      .sort();
  }

  #noteFolderOf(lockFile: string): void {
    const { via } = JSON.parse(readFileSync(join(this.folder, lockFile), 'utf8')) as { via?: string };
    if (via !== undefined) this.#keptFolders.add(via);
  }

  /** What somebody on the disk of the server gets when they try. */
  async triedByOthers(name: string, hardLinks = true): Promise<boolean> {
    const other = new Lockfile(new VfsFile(localVfs({ root: this.folder, hardLinks }), name));
    const got = await other.tryAcquire();
    if (!got) return false;
    this.#noteFolderOf(`${name}.lock`);
    await other.release();
    return true;
  }

  /** Somebody on the disk of the server gets the lock, then somebody over the way, and after that nothing is left. */
  async freeForOthers(name: string, hardLinks = true, over = this.vfs): Promise<void> {
    for (const vfs of [localVfs({ root: this.folder, hardLinks }), over]) {
      const other = new Lockfile(new VfsFile(vfs, name));
      await other.acquire({ wait: '10s' });
      this.#noteFolderOf(`${name}.lock`);
      expect(await other.release()).toBe(true);
    }
    expect(this.listing).toEqual([]);
  }
}

/** How a call on a lock ended: undefined means success. An error that is not the library's own fails the test. */
export async function failureOf(call: Promise<unknown>): Promise<VfsError | LockLostError | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (error instanceof VfsError || error instanceof LockLostError) return error;
    throw error;
  }
}
