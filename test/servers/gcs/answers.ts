import type { Fault } from '../../support/http-proxy.js';

/** The store answers so and does nothing. */
export function answer(code: number, message: string): Fault {
  const error = { code, message, errors: [{ reason: message, message }] };
  const body = Buffer.from(JSON.stringify({ error }));
  const headers = { 'content-type': 'application/json; charset=UTF-8', 'content-length': String(body.length) };
  return ({ reply }) => reply({ status: code, headers: { ...headers, date: new Date().toUTCString() }, body });
}

/** The store answers so, after it did what was asked. */
export function answerAfter(code: number, message: string): Fault {
  return async (exchange) => {
    await exchange.forward();
    await answer(code, message)(exchange);
  };
}
