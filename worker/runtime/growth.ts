// How far the memory of a heap grows: to its limit, less what requests hold for the moment. For the function that a WASM module calls when
// it needs more memory.
import { mebibyte } from '../../registry/mebibytes.ts';

export const wasmPageBytes = 65_536;
/** The memory grows in these steps: small against a model, large enough that growing does not show in a load. */
const growthStepBytes = mebibyte;

export interface Growth {
  limitBytes: number;
  /** Memory size that the last call asked for and did not get; 0 if none was refused. */
  refusedBytes: number;
  /** How large the memory may be now that it is to have so many bytes: the limit, less what requests hold for the moment. */
  readonly roomBytes: (wantedBytes: number) => number;
  /** Whether the last call failed by what requests hold alone. */
  lent: boolean;
  /** While set, the memory does not grow at all. */
  probing: boolean;
}

export interface GrowthLimits {
  /** The memory grows to at most this many bytes. */
  readonly limitBytes: number;
  /** The limit can be raised to at most this; V8 itself lets the memory grow no further. */
  readonly maximumBytes: number;
  /** How large the memory may be now, asked whenever it is to grow. */
  readonly roomBytes: (wantedBytes: number) => number;
}

export function growthOf({ limitBytes, roomBytes }: GrowthLimits): Growth {
  return { limitBytes, roomBytes, refusedBytes: 0, lent: false, probing: false };
}

/** @returns whether the memory has at least the wanted size now */
export function grow(memory: WebAssembly.Memory, growth: Growth, wantedBytes: number): boolean {
  if (growth.probing) return false;
  const target = Math.min(Math.ceil(wantedBytes / growthStepBytes) * growthStepBytes, growth.limitBytes);
  const pages = Math.ceil((target - memory.buffer.byteLength) / wasmPageBytes);
  if (wantedBytes > growth.limitBytes || pages <= 0) return refuse(growth, wantedBytes);
  if (target > growth.roomBytes(target)) {
    growth.lent = true;
    return refuse(growth, wantedBytes);
  }
  try {
    memory.grow(pages);
    return true;
  } catch {
    return refuse(growth, wantedBytes);
  }
}

function refuse(growth: Growth, wantedBytes: number): false {
  growth.refusedBytes = Math.max(growth.refusedBytes, wantedBytes);
  return false;
}
