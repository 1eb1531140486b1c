import { createHmac } from 'node:crypto';

/** One line of a `known_hosts` file about a host. */
export interface KnownKey {
  readonly revoked: boolean;
  /** Such as `ssh-ed25519`. */
  readonly type: string;
  /** The key in base64. */
  readonly key: string;
}

/** The keys that an OpenSSH `known_hosts` file lists for a host, under plain, wildcard or hashed names. */
export function knownKeys(text: string, host: string, port: number): readonly KnownKey[] {
  const name = knownName(host, port);
  return text.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
    const [hosts, type, key] = words;
    if (hosts === undefined || hosts.startsWith('#') || type === undefined || key === undefined) return [];
    if (marker !== undefined && marker !== '@revoked') return [];
    return isAbout(hosts, name) ? [{ revoked: marker !== undefined, type, key }] : [];
  });
}

/** The name of a host in `known_hosts`. */
export function knownName(host: string, port: number): string {
  const lower = host.toLowerCase();
  return port === 22 ? lower : `[${lower}]:${String(port)}`;
}

function isAbout(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return isHashOf(hosts, name);
  let found = false;
  for (const pattern of hosts.split(',')) {
    const negated = pattern.startsWith('!');
    if (!matches(negated ? pattern.slice(1) : pattern, name)) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

function isHashOf(hashed: string, name: string): boolean {
  const [, version, salt = '', digest] = hashed.split('|');
  return version === '1' && createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === digest;
}

function matches(pattern: string, name: string): boolean {
  const source = pattern
    .toLowerCase()
    .replace(/[\\^$.+()|{}[\]]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(name);
}
