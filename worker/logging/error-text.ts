// An error as the log tells it: with the error behind it, which callers are not told because it may name keys of storage.
export function errorText(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? String(error) : `${String(error)} (${String(cause)})`;
}
