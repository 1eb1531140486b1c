/** The message of the error that a call throws, or rejects with. */
export async function messageOf(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
  throw new Error('nothing failed');
}
