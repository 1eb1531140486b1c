import { VfsError } from './errors.js';
import { quoted } from './path.js';

const FORM = /^([a-z][a-z0-9+.-]+):\/\/([^/?#]*)([^?#]*)(.*)$/is;

/** The parts of a URI: `path` as it is written, `extra` from the first `?` or `#` on. */
export interface UriParts {
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  readonly extra: string;
}

/** The parts of a URI. Undefined: the text is none. */
export function partsOf(text: string): UriParts | undefined {
  const [, scheme, authority = '', path = '', extra = ''] = FORM.exec(text) ?? [];
  return scheme === undefined ? undefined : { scheme: scheme.toLowerCase(), authority, path, extra };
}

/** A URI for a message. Whatever may be a password is masked: all from `://` to the last `@`. */
export function withoutSecrets(uri: string): string {
  return uri.replace(/^([^:]*:\/\/).*@/s, '$1***@');
}

/** The error for a URI. */
export function badUri(uri: string, problem: string, cause?: unknown): VfsError {
  return new VfsError('ERR_VFS_URI', `the URI ${quoted(withoutSecrets(uri))} ${problem}`, { cause });
}

/**
 * Decodes the path of a URI once. What would name another file than it seems to is refused: an escape that stands for a slash, `.` or
 * `..`. In a bucket a slash is a character like others, unless an empty name would result.
 */
export function decodedPath(uri: string, { scheme, path }: UriParts): string {
  const decoded = path.split('/').map((name) => {
    const plain = decodedPart(uri, name);
    if (plain === name) return plain;
    const names = plain.split('/');
    if (names.length > 1 && !BUCKETS.has(scheme))
      throw badUri(uri, 'has an escaped slash (%2F), which no name can contain');
    if (names.some((each) => NO_NAMES.has(each)))
      throw badUri(uri, 'has an empty name, . or .. behind a percent escape');
    return plain;
  });
  return decoded.join('/');
}

const BUCKETS = new Set(['s3', 'gs']);
const NO_NAMES = new Set(['', '.', '..']);

/** Decodes one part of a URI. */
export function decodedPart(uri: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw badUri(uri, 'has a malformed percent escape', cause);
  }
}
