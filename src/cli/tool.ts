import { readFileSync } from 'node:fs';

/** The name and the version in a `package.json`. */
export function programOf(manifest: URL): Readonly<Record<'name' | 'version', string>> {
  return JSON.parse(readFileSync(manifest, 'utf8')) as ReturnType<typeof programOf>;
}

/** The program of a `package.json`, for the lock files that it writes. */
export function toolOf(manifest: URL): string {
  const { name, version } = programOf(manifest);
  return `${name} ${version}`;
}
