// @ts-check
// Preloaded with --import: appends the URL of every module that is loaded to the file named by $LOADED.
import { register } from 'node:module';
import { env } from 'node:process';

const hooks = `
  import { appendFileSync } from 'node:fs';
  export function load(url, context, next) {
    appendFileSync(${JSON.stringify(env.LOADED ?? '')}, url + '\\n');
    return next(url, context);
  }`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
