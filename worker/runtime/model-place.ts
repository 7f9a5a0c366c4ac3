// Where the bytes of a model go, so that what it leaves one day is of use to the next.

export interface Block {
  readonly pointer: number;
  readonly bytes: number;
}

/** The heads of blocks, and the rounding of their sizes. */
const slackBytes = 4096;

/** How closely the size of a free block is known, and the head of the next. */
const adjoiningBytes = 300;

/** Less may lie behind the last free block: it was not looked for. */
export const leastBlockBytes = 65_536;

/** @returns the free block that more memory joins; one of no bytes where the end of the memory is in use */
export function endOf(free: Iterable<Block>, memoryBytes: number): Block {
  for (const block of free) if (memoryBytes - block.pointer - block.bytes < leastBlockBytes) return block;
  return { pointer: memoryBytes, bytes: 0 };
}

/** Whether a block that begins at the pointer lies behind the other with nothing between them. */
export function isBehind({ pointer, bytes }: Block, next: number): boolean {
  return next - pointer - bytes < adjoiningBytes;
}

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

/** The free blocks, largest first, the one among them that lies at the end, and how much the memory may grow behind it. */
export interface Room {
  readonly free: readonly Block[];
  readonly end: Block;
  readonly growsBy: number;
}

/**
 * Whether a model fits, placed as the heap does it, and then what its session takes beside it: kernels' copies of the weights, and runs.
 * That is allocated by onnxruntime, for which malloc joins no growth to the free block at the end; it counts as one block, so that
 * this never says yes to what does not fit.
 */
export function fitsInto({ free, end, growsBy }: Room, modelBytes: number, restBytes: number): boolean {
  const [largest = end] = free;
  if (modelBytes <= largest.bytes) {
    return restBytes <= Math.max(largest.bytes - modelBytes, free[1]?.bytes ?? 0, growsBy);
  }
  const others = free.filter((block) => block !== end);
  const left = growsBy - (modelBytes - end.bytes);
  return left >= 0 && restBytes <= Math.max(left, others[0]?.bytes ?? 0);
}
