// Where the bytes of a model go, so that what it leaves one day is of use to the next.

export interface Block {
  readonly pointer: number;
  readonly bytes: number;
}

/** The heads of blocks, and the rounding of their sizes. */
const slackBytes = 4096;

/**
 * A model goes to the end of the largest free block where another one lies before that block: what the other one leaves joins the free
 * block. Filled from the front it would be left in pieces that no model fits into.
 * @param free the largest free block
 * @param models where other models lie
 * @returns how many bytes to fill from the front while the model's place is taken; 0: it goes to the front
 */
export function fillerBytes(free: Block, models: readonly number[], bytes: number): number {
  const before = models.some((pointer) => pointer < free.pointer);
  const behind = models.some((pointer) => pointer > free.pointer);
  return before && !behind ? Math.max(0, free.bytes - bytes - slackBytes) : 0;
}
