/** Resolves after what is waiting has had its turn, requests included. A promise that is settled already gives none away. */
export async function nextTurn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}
