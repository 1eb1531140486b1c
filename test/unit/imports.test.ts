import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

import { describe, expect, it } from 'vitest';

const SRC = resolve(import.meta.dirname, '../../src');

/** The floors of the house, top first: imports lead to the same room or to a lower floor. */
const FLOORS: readonly (readonly RegExp[])[] = [
  [/^index\.ts$/, /^cli\/main\.ts$/],
  [/^cli\/commands\//],
  [/^cli\/usage\//, /^cli\/guardian\//],
  [/^cli\/terminal\//, /^cli\/[^/]+$/],
  [/^serve\//],
  [/^admin\//, /^inbox\//, /^journal\//, /^testing\//],
  [/^lock\/[^/]+$/],
  [/^fencing\//],
  [/^lock\/protocol\//, /^open\.ts$/, /^otel\//],
  [/^lock\/model\//, /^backends\/(mem\/|local\/|sftp\/|s3\/|gcs\/)/],
  [/^backends\/shared\//, /^conformance\//],
  [/^vfs\//],
  [/^util\//],
];

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

/** Every relative import of a file, types and dynamic imports included. */
function importsOf(name: string): readonly string[] {
  const text = readFileSync(join(SRC, name), 'utf8');
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)\.js'/g)].map(
    ([, specifier = '']) => specifier,
  );
  return specifiers.map((specifier) => relative(SRC, resolve(SRC, dirname(name), `${specifier}.ts`)));
}

const graph = new Map(sources.map((name) => [name, importsOf(name)]));

function floorOf(name: string): number {
  return FLOORS.findIndex((rooms) => rooms.some((room) => room.test(name)));
}

/** The files of one circle of imports, first and last the same; undefined where there is none. */
function findCircle(): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(name)) return [...trail.slice(trail.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const imported of graph.get(name) ?? []) {
      const circle = visit(imported, [...trail, name]);
      if (circle) return circle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of sources) {
    const circle = visit(name, []);
    if (circle) return circle;
  }
  return undefined;
}

describe('the imports of src', () => {
  it('are found, each leading to a file that exists', () => {
    const missing = [...graph.values()].flat().filter((name) => !graph.has(name));
    expect(missing).toEqual([]);
    expect([...graph.values()].flat().length).toBeGreaterThan(400);
  });

  it('belong to rooms that each stand on one floor', () => {
    expect(sources.filter((name) => floorOf(name) === -1)).toEqual([]);
  });

  it('never lead upwards', () => {
    const upwards = [...graph].flatMap(([from, to]) =>
      to.filter((name) => floorOf(name) < floorOf(from)).map((name) => `${from} -> ${name}`),
    );
    expect(upwards).toEqual([]);
  });

  it('form no circle', () => {
    expect(findCircle()?.join(' -> ')).toBe(undefined);
  });
});
