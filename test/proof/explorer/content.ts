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

/** The content that a text is the whole of; `'torn'` when it is the whole of none. */
export function contentOf(text: string | undefined): Content | undefined | 'torn' {
  return text === undefined ? undefined : (byText.get(text) ?? 'torn');
}

export function labelOf(state: Content | undefined): string {
  return state?.label ?? 'nothing';
}
