/** Resolves after everything that waits has had its turn, requests included. Awaiting a settled promise does not yield to the event loop. */
export async function nextTurn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}
