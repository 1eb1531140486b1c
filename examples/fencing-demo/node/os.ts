export const constants = { errno: {}, signals: {} };

export function hostname(): string {
  return host.hostname;
}
