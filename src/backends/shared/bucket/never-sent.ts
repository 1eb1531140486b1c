const NO_CONNECTION = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];

/** Whether a request failed for want of a connection, so that nothing of it can have got through. */
export function neverSent(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  return NO_CONNECTION.includes(String((error as { readonly code?: unknown }).code));
}
