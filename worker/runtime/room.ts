// How much room a version takes in the heap, and which loaded versions give way to it. Pure.
import type { Manifest } from '../../registry/manifest.ts';

/** Heap bytes per byte of the model file, as seen with onnxruntime; for versions whose need was not measured. */
const unmeasuredFactor = { ort: 1.1, onnx: 4 };

/** `lean` is taken although `fast` runs in this share of its time: it has half the memory and is loaded sooner. */
const noticeableGain = 0.95;

/** @returns bytes of heap that the version takes at least: those of its profile `lean` */
export function leanNeed(manifest: Manifest): number {
  const { format, bytes } = manifest.artifacts.model;
  return manifest.runtime.profiles.lean?.heapBytes ?? Math.ceil(bytes * unmeasuredFactor[format]);
}

/** @returns bytes of heap that the profile `fast` takes, where publishing measured that it is worth them; null otherwise */
export function fastNeed({ runtime }: Manifest): number | null {
  const { fast, lean } = runtime.profiles;
  if (!fast || (lean && fast.runMs > lean.runMs * noticeableGain)) return null;
  return fast.heapBytes;
}

interface Occupant {
  readonly needBytes: number;
  readonly lastUsed: number;
}

/** In the order in which they give way. */
export function oldestFirst<E extends Occupant>(entries: readonly E[]): E[] {
  return [...entries].sort((a, b) => a.lastUsed - b.lastUsed);
}

/**
 * Which versions are unloaded so that at least `bytes` become free: those that were used longest ago, and no more of them than
 * it takes.
 * @returns the versions in the order in which they give way, none where `bytes` is not above 0; null where all of them together
 *   would not free enough
 */
export function chooseVictims<E extends Occupant>(entries: readonly E[], bytes: number): E[] | null {
  const victims: E[] = [];
  let missing = bytes;
  for (const entry of oldestFirst(entries)) {
    if (missing <= 0) break;
    victims.push(entry);
    missing -= entry.needBytes;
  }
  return missing <= 0 ? victims : null;
}
