// BF16: the upper half of an FP32. JavaScript has Float16Array for FP16, but nothing for this one.

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/**
 * The nearest BF16 of a number, ties to even.
 * @returns its 16 bits; NaN gives a quiet NaN
 */
export function toBfloat16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  scratch[0] = value;
  const bits = scratchBits[0] ?? 0;
  const upper = bits >>> 16;
  const lower = bits & 0xffff;
  if (lower > 0x8000) return upper + 1;
  if (lower < 0x8000) return upper;
  // Half-way as FP32; the FP64 it was rounded from may lie on either side.
  const rounded = Math.abs(scratch[0]);
  const exact = Math.abs(value);
  if (exact !== rounded) return exact > rounded ? upper + 1 : upper;
  return upper + (upper & 1);
}

/** @param bits BF16 elements */
export function fromBfloat16Bits(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let index = 0; index < bits.length; index++) words[index] = (bits[index] ?? 0) << 16;
  return new Float32Array(words.buffer);
}
