import { expect, test } from 'vitest';
import { type Block, endOf, fillerBytes, fitsInto, isBehind } from '../../../worker/runtime/model-place.ts';

const mebibyte = 1_048_576;

/** Takes the front of the first free block that is large enough, and grows at its end, as malloc does. */
class Memory {
  size = 0;
  #used: Block[] = [];

  allocate(bytes: number): Block {
    const found = this.free().find((block) => block.bytes >= bytes);
    const last = this.#used.at(-1);
    const end = last === undefined ? 0 : last.pointer + last.bytes;
    const block = { pointer: found?.pointer ?? end, bytes };
    this.size = Math.max(this.size, block.pointer + bytes);
    this.#used = [...this.#used, block].sort((one, other) => one.pointer - other.pointer);
    return block;
  }

  release(block: Block): void {
    this.#used = this.#used.filter((used) => used !== block);
  }

  free(): Block[] {
    const blocks: Block[] = [];
    let at = 0;
    for (const { pointer, bytes } of [...this.#used, { pointer: this.size, bytes: 0 }]) {
      if (pointer > at) blocks.push({ pointer: at, bytes: pointer - at });
      at = pointer + bytes;
    }
    return blocks;
  }

  largestFree(): Block {
    return this.free().reduce((largest, block) => (block.bytes > largest.bytes ? block : largest), {
      pointer: 0,
      bytes: 0,
    });
  }
}

/** Models that are loaded beside the one before them, which is then released. */
function churn(sizes: readonly number[], isApart: boolean): number {
  const memory = new Memory();
  let before: Block | null = null;
  for (const size of sizes) {
    const bytes = size * mebibyte;
    const models = before === null ? [] : [before.pointer];
    const filled = isApart ? fillerBytes(memory.largestFree(), models, bytes) : 0;
    const filler = filled > 0 ? memory.allocate(filled) : null;
    const model = memory.allocate(bytes);
    if (filler !== null) memory.release(filler);
    if (before !== null) memory.release(before);
    before = model;
  }
  return memory.size / mebibyte;
}

test('200 versions, each beside the one before it, take hardly more than the two largest neighbours', () => {
  const sizes = [1, 2, 3, 5, 7, 9, 11, 13, 15, 17, 19, 20];
  const order = Array.from({ length: 200 }, (_, index) => sizes[(index * 7) % sizes.length] ?? 0);
  const pair = Math.max(...order.map((size, index) => size + (order[index + 1] ?? 0)));
  expect(churn(order, false)).toBeGreaterThan(pair * 1.1);
  expect(churn(order, true)).toBeLessThanOrEqual(pair * 1.1);
});

test('a model goes to the front where none lies before the free block, where one lies behind it, and where it just fits', () => {
  const free = { pointer: 100 * mebibyte, bytes: 10 * mebibyte };
  expect(fillerBytes(free, [], mebibyte)).toBe(0);
  expect(fillerBytes(free, [200 * mebibyte], mebibyte)).toBe(0);
  expect(fillerBytes(free, [mebibyte, 200 * mebibyte], mebibyte)).toBe(0);
  expect(fillerBytes(free, [mebibyte], 10 * mebibyte)).toBe(0);
  expect(fillerBytes(free, [mebibyte], mebibyte)).toBe(9 * mebibyte - 4096);
});

test('more memory joins the free block at the end, and none where something in use lies there', () => {
  const end = { pointer: 9 * mebibyte, bytes: 7 * mebibyte - 100 };
  const hole = { pointer: mebibyte, bytes: 8 * mebibyte };
  expect(endOf([hole, end], 16 * mebibyte)).toBe(end);
  expect(endOf([hole], 16 * mebibyte)).toEqual({ pointer: 16 * mebibyte, bytes: 0 });
  expect(endOf([], 16 * mebibyte)).toEqual({ pointer: 16 * mebibyte, bytes: 0 });
});

test('a block lies behind another one where only the head of it is between them', () => {
  const block = { pointer: 100, bytes: 1000 };
  expect(isBehind(block, 1116)).toBe(true);
  expect(isBehind(block, 3000)).toBe(false);
});

test.each([
  ['in one free block', 10, 9, true],
  ['in two free blocks', 20, 12, true],
  ['in the largest one, and the rest nowhere', 20, 13, false],
  ['at the end, which grows, and in a free block', 22, 20, true],
  ['at the end, with the rest behind it', 16, 6, true],
  ['at the end, as far as it may grow', 24, 0, true],
  ['nowhere', 25, 0, false],
])('a model and its session fit %s: %i and %i MiB', (_, modelMib, restMib, fits) => {
  const [hole, end] = [
    { pointer: mebibyte, bytes: 20 * mebibyte },
    { pointer: 40 * mebibyte, bytes: 12 * mebibyte },
  ];
  const room = { free: [hole, end], end, growsBy: 12 * mebibyte };
  expect(fitsInto(room, modelMib * mebibyte, restMib * mebibyte)).toBe(fits);
});

test('a memory without a free block has room as far as it may grow', () => {
  const room = { free: [], end: endOf([], 16 * mebibyte), growsBy: 10 * mebibyte };
  expect(fitsInto(room, 8 * mebibyte, 2 * mebibyte)).toBe(true);
  expect(fitsInto(room, 8 * mebibyte, 3 * mebibyte)).toBe(false);
});
