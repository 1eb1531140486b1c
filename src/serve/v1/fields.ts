import type { Json } from '../body.js';
import { ServiceError } from '../errors.js';

/** Reads the members of a JSON object, of which only known ones are accepted. */
export class Fields {
  readonly #json: Json;

  constructor(json: Json, known: readonly string[]) {
    const unknown = Object.keys(json).find((name) => !known.includes(name));
    if (unknown !== undefined) {
      throw bad(`the body has an unknown member ${JSON.stringify(unknown.slice(0, 64))}; it takes ${known.join(', ')}`);
    }
    this.#json = json;
  }

  /** A text of 1 to `most` characters. Undefined: absent. */
  text(name: string, most: number): string | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (typeof value === 'string' && value.length >= 1 && value.length <= most && value.isWellFormed()) return value;
    throw bad(`${name} must be a text of 1 to ${most} characters`);
  }

  requiredText(name: string, most: number): string {
    const value = this.text(name, most);
    if (value !== undefined) return value;
    throw bad(`${name} is missing`);
  }

  /** A whole number from `least` to `most`. Undefined: absent. */
  count(name: string, least: number, most: number): number | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
    throw bad(`${name} must be a whole number from ${least} to ${most}`);
  }

  /** True or false. Undefined: absent. */
  flag(name: string): boolean | undefined {
    const value = this.#value(name);
    if (value === undefined || typeof value === 'boolean') return value;
    throw bad(`${name} must be true or false`);
  }

  /** A JSON object. Undefined: absent. */
  object(name: string): Json | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
    throw bad(`${name} must be an object`);
  }

  #value(name: string): unknown {
    return Object.hasOwn(this.#json, name) ? this.#json[name] : undefined;
  }
}

function bad(message: string): ServiceError {
  return new ServiceError('bad_request', message);
}
