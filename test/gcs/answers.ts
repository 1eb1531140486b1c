import type { Exchange, Fault } from '../s3/proxy.js';

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

/** Only the n-th request of a method goes wrong. */
export function nth(method: string, n: number, fault: Fault): (exchange: Exchange) => Fault | undefined {
  let seen = 0;
  return (exchange) => (exchange.method === method && (seen += 1) === n ? fault : undefined);
}

/** Every request of a method goes wrong. */
export function all(method: string, fault: Fault): (exchange: Exchange) => Fault | undefined {
  return (exchange) => (exchange.method === method ? fault : undefined);
}
