import { contentVersion } from '../../../src/backends/shared/content-version.js';
import type { Version } from '../../../src/vfs/vfs.js';

/** One whole content of the lock file. No two calls of a schedule ever write the same one. */
export interface Content {
  readonly label: string;
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly version: Version;
}

const byLabel = new Map<string, Content>();
const byText = new Map<string, Content>();

export function content(label: string): Content {
  const known = byLabel.get(label);
  if (known !== undefined) return known;
  const text = JSON.stringify({ createdAt: '2026-11-20T23:43:35.299Z', ttl: 30e9, ownerId: label, nonce: label });
  const bytes = Buffer.from(text);
  const made = { label, text, bytes, version: contentVersion(bytes) };
  byLabel.set(label, made);
  byText.set(text, made);
  return made;
}

/** The bytes of a content in a record that names a holder's folder. */
export function bytesVia({ text }: Content, via: string | undefined): Uint8Array {
  return Buffer.from(via === undefined ? text : JSON.stringify({ ...(JSON.parse(text) as object), via }));
}

/** The content that a text is the whole of, whatever folder it names; `'torn'` when it is the whole of none. */
export function contentOf(text: string | undefined): Content | undefined | 'torn' {
  if (text === undefined) return undefined;
  return byText.get(text.replace(/,"via":"[0-9a-f]{32}"\}$/, '}')) ?? 'torn';
}

export function labelOf(state: Content | undefined): string {
  return state?.label ?? 'nothing';
}
