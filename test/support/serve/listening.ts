import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { nodeListener, type LockService } from '../../../src/serve/index.js';

/** A service that listens on a port of its own. */
export interface Listening {
  /** Without a slash at its end. */
  readonly url: string;
  /** Ends the connections too, so that clients notice. */
  stop(): Promise<void>;
  /** Listens again on the same port. */
  restart(): Promise<void>;
}

export async function listening(service: LockService): Promise<Listening> {
  let server: Server;
  const listen = async (port: number): Promise<number> => {
    server = createServer(nodeListener(service));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
    restart: async () => {
      await listen(port);
    },
  };
}
