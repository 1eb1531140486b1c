import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { lockService, nodeListener, tokenFile, type TokenStore } from '../../serve/index.js';
import { LockOptionError } from '../../util/option-error.js';
import { CliError, EXIT, usageError } from '../exit-codes.js';
import { Signals } from '../signals.js';
import { displayPath } from '../terminal/display-path.js';
import { print } from '../terminal/print.js';
import { printError } from '../terminal/print-error.js';
import type { ArgumentsOf, RawSetting } from '../usage/arguments.js';
import { openLocation } from '../usage/target.js';

/** How often connections that send nothing are looked for, in milliseconds. */
const CHECK_MS = 5000;

/** Requests that are under way when the service is stopped may take so long to end. */
const STOP_MS = 500;

/** Serves the locks in a folder over HTTP until a signal arrives, and resolves with the exit code. */
export async function serve(args: ArgumentsOf<'serve'>): Promise<number> {
  const signals = new Signals();
  const { host, port } = addressOf(args.listen);
  if (!isLoopback(host) && args.tokenFile === undefined) {
    throw usageError(`--listen ${args.listen.text} is reached from other machines, and needs --token-file`);
  }
  const location = await openLocation(args.location);
  const tokens = args.tokenFile && (await tokensIn(args.tokenFile));
  const server = createServer(
    { connectionsCheckingInterval: CHECK_MS },
    nodeListener(serviceOf(args, location, tokens)),
  );
  limitClients(server);
  const url = await listen(server, host, port);
  print(`serving ${displayPath(location)} at ${url}${args.basePath?.text.replace(/\/*$/, '') ?? ''}/\n`);
  if (!signals.interrupted.aborted) await once(signals.interrupted, 'abort');
  await stop(server);
  return 0;
}

function serviceOf(
  { basePath }: ArgumentsOf<'serve'>,
  location: Parameters<typeof lockService>[0]['location'],
  tokens: TokenStore | undefined,
): ReturnType<typeof lockService> {
  try {
    return lockService({ location, tokens, basePath: basePath?.text, onError: report });
  } catch (error) {
    if (error instanceof LockOptionError) throw usageError(`--base-path: ${error.message}`);
    throw error;
  }
}

function report(error: unknown): void {
  printError(error instanceof Error ? error.message : String(error));
}

async function tokensIn({ text }: RawSetting): Promise<TokenStore> {
  try {
    return await tokenFile(text, report);
  } catch (error) {
    throw usageError(`--token-file ${text}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A client that sends or reads nothing is disconnected, and none has more than one request under way for ever. */
function limitClients(server: Server): void {
  server.headersTimeout = 10_000;
  server.requestTimeout = 20_000;
  server.keepAliveTimeout = 5000;
  server.maxConnections = 5000;
  server.maxHeadersCount = 100;
  // Longer than a request may wait for a lock, and than the pauses of a stream of events.
  server.timeout = 120_000;
}

async function listen(server: Server, host: string, port: number): Promise<string> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new CliError(EXIT.failed, `cannot listen on ${host}:${port}: ${(error as Error).message}`);
  }
  const { address, port: actual, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`;
}

/** Ends the requests that wait, which then hold nothing. */
async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, STOP_MS);
  await closed;
  clearTimeout(timer);
}

function addressOf({ text, from }: RawSetting): { readonly host: string; readonly port: number } {
  const [, v6, plain, digits = ''] = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? plain;
  const port = Number(digits);
  if (host !== undefined && port <= 65_535) return { host, port };
  throw usageError(`${from} must be HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080; got ${JSON.stringify(text)}`);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
