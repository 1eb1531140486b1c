import { readFileSync } from 'node:fs';

import { Validator, type Schema } from '@cfworker/json-schema';
import { expect } from 'vitest';

const SCHEMA = new URL('../../../src/cli/output.schema.json', import.meta.url);

export interface JsonLine {
  readonly type: string;
  readonly id: string;
  readonly [name: string]: unknown;
}

export function outputSchema(): Schema {
  return JSON.parse(readFileSync(SCHEMA, 'utf8')) as Schema;
}

/** The lines that a command prints with --json, each checked against the schema of the package. */
export function jsonLines(stdout: string): readonly JsonLine[] {
  const validator = new Validator(outputSchema(), '2020-12', false);
  return stdout.split('\n').flatMap((line) => {
    if (line === '') return [];
    const value = JSON.parse(line) as JsonLine;
    const { valid, errors } = validator.validate(value);
    expect(valid ? [] : [line, errors]).toEqual([]);
    return [value];
  });
}
