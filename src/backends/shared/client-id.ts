const serials = new WeakMap<object, number>();
let clients = 0;

/** Names the store behind a client that belongs to the user, because only that client knows where it leads. */
export function clientId(client: object): string {
  const serial = serials.get(client) ?? ++clients;
  serials.set(client, serial);
  return `client ${String(serial)}`;
}
