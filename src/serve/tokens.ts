import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

import { LockOptionError } from '../util/option-error.js';
import { ServiceError } from './errors.js';

/** What a token allows: to see locks, or also to change them. */
export type TokenScope = 'read' | 'write';

/** One token that the service accepts. The token itself is nowhere. */
export interface ServiceToken {
  /** The name of its owner. Locks show it, and it distinguishes the clients of OctoStore. */
  readonly name: string;
  /** The SHA-256 of the token in hexadecimal. Tokens have to be random: a password would be found by trying. */
  readonly hash: string;
  /** What it allows; `'write'` includes `'read'`. */
  readonly scope: TokenScope;
}

/** Where tokens are kept that change while the service runs. */
export interface TokenStore {
  /** The tokens that are valid now. It is called for each request. */
  read(): Promise<readonly ServiceToken[]>;
  /** Gives a token a new hash. Absent: tokens cannot be rotated by their owners. */
  rotate?(name: string, hash: string): Promise<void>;
}

/** Who makes a request. */
export interface Principal {
  /** The name of the token; empty where the service has no tokens. */
  readonly name: string;
  readonly canWrite: boolean;
  /** Whether a token was shown: only then may locks of others be ended. */
  readonly hasToken: boolean;
}

export const ANYBODY: Principal = { name: '', canWrite: true, hasToken: false };

/** The hash of a token, as a list of tokens contains it. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** A new token: 256 random bits. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Refuses a token that could never be used, or whose name could not be printed. */
export function checkToken({ name, hash, scope }: ServiceToken): ServiceToken {
  if (!/^[\w.@-]{1,64}$/.test(name)) {
    throw new LockOptionError('the name of a token must have 1 to 64 letters, digits or characters of . _ @ -');
  }
  if (!/^[0-9a-f]{64}$/.test(hash)) {
    throw new LockOptionError(`the hash of the token ${name} must be a SHA-256 of 64 hexadecimal digits in lower case`);
  }
  const scopes: readonly string[] = ['read', 'write'];
  if (scopes.includes(scope)) return { name, hash, scope };
  throw new LockOptionError(`the scope of the token ${name} must be read or write`);
}

/** The tokens that are valid now. Whatever a store of tokens throws is no fault of a client. */
export async function readTokens(tokens: TokenStore): Promise<readonly ServiceToken[]> {
  try {
    return await tokens.read();
  } catch (cause) {
    throw new ServiceError('internal', 'the tokens cannot be read', { cause });
  }
}

/** Who makes the request. Throws unless its token is among `tokens`, whose comparison takes the same time for each. */
export function authenticate(request: Request, tokens: readonly ServiceToken[]): Principal {
  const token = tokenOf(request.headers.get('authorization') ?? '');
  if (token === undefined) throw new ServiceError('unauthorized', 'a token is needed: Authorization: Bearer <token>');
  const hash = Buffer.from(hashOf(token), 'hex');
  let found: ServiceToken | undefined;
  for (const each of tokens) if (timingSafeEqual(Buffer.from(each.hash, 'hex'), hash)) found = each;
  if (found) return { name: found.name, canWrite: found.scope === 'write', hasToken: true };
  throw new ServiceError('unauthorized', 'the token is not known');
}

/** The token in a header. A browser sends it as the password of any user. */
function tokenOf(header: string): string | undefined {
  const [, scheme = '', value = ''] = /^(bearer|basic) +(\S+) *$/i.exec(header) ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme === '') return undefined;
  const credentials = Buffer.from(value, 'base64').toString('utf8');
  const colon = credentials.indexOf(':');
  return colon === -1 || colon === credentials.length - 1 ? undefined : credentials.slice(colon + 1);
}
