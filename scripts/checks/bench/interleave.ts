// Contestants take turns, so that whatever else the machine does meets all of them alike.

/**
 * @param measure called once per contestant and round; every other round goes backwards, so that nobody always comes first
 * @returns each contestant's values, one per round
 */
export async function interleave<T, V>(
  contestants: Readonly<Record<string, T>>,
  rounds: number,
  measure: (contestant: T, name: string, round: number) => Promise<V>,
): Promise<Record<string, V[]>> {
  const values: Record<string, V[]> = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const order = Object.entries(contestants);
    if (round % 2 === 1) order.reverse();
    for (const [name, contestant] of order) values[name]?.push(await measure(contestant, name, round));
  }
  return values;
}
