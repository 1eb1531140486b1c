// @ts-check
// Preloaded with --import: appends every specifier that anything tries to resolve, found or not, to $RESOLUTIONS.
import { appendFileSync } from 'node:fs';
import Module, { register } from 'node:module';
import { env } from 'node:process';

const log = env.RESOLUTIONS ?? '';
const hooks = `
  import { appendFileSync } from 'node:fs';
  export function resolve(specifier, context, next) {
    appendFileSync(${JSON.stringify(log)}, specifier + '\\n');
    return next(specifier, context);
  }`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

/** @typedef {{ _resolveFilename: (request: string, ...rest: readonly unknown[]) => string }} Resolver */
const resolver = /** @type {Resolver} */ (/** @type {unknown} */ (Module));
const original = resolver._resolveFilename;
/** @type {Resolver['_resolveFilename']} */
resolver._resolveFilename = (request, ...rest) => {
  appendFileSync(log, `${request}\n`);
  return original.call(Module, request, ...rest);
};
