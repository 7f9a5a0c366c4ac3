// The command was called in a way it cannot understand: exit status 2, where everything else that goes wrong is 1.

export class UsageError extends Error {
  override readonly name = 'UsageError';
}
