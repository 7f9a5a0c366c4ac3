import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deriveGlue, unshareMemory } from '../../../scripts/build/derive-runtime.ts';
import { projectRoot } from '../../../scripts/build/project.ts';

const dist = join(projectRoot, 'node_modules', 'onnxruntime-web', 'dist');

/** A module whose import section holds a function, then a shared memory of 1 to 2 pages. */
const withSharedMemory = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  // Types: one function without parameters or results.
  ...[1, 4, 1, 0x60, 0, 0],
  // Imports: function `a.f` of type 0, memory `a.m` with limits.
  ...[2, 15, 2, 1, 0x61, 1, 0x66, 0, 0, 1, 0x61, 1, 0x6d, 2, 3, 1, 2],
);

describe('deriving the runtime', () => {
  it('changes one byte of the published module', async () => {
    const published = await readFile(join(dist, 'ort-wasm-simd-threaded.wasm'));
    const derived = unshareMemory(published);
    let different = 0;
    for (let at = 0; at < published.length; at++) if (published[at] !== derived[at]) different++;
    expect(different).toBe(1);
  });

  it('finds the memory behind other imports', () => {
    const derived = unshareMemory(withSharedMemory);
    expect([...derived]).toEqual([...withSharedMemory.slice(0, -3), 1, 1, 2]);
  });

  it('refuses a module whose memory is not shared', () => {
    expect(() => unshareMemory(unshareMemory(withSharedMemory))).toThrow('has the limits flag 1, expected 3');
  });

  it('leaves nothing of Node or of shared memory in the glue', async () => {
    const derived = deriveGlue(await readFile(join(dist, 'ort-wasm-simd-threaded.mjs'), 'utf8'));
    expect(derived).not.toMatch(/SharedArrayBuffer|shared:|require\(|import\(/);
  });

  it('refuses a glue in which a piece is missing, and says which', async () => {
    const published = await readFile(join(dist, 'ort-wasm-simd-threaded.mjs'), 'utf8');
    const changed = published.replace('initial:256', 'initial:512');
    expect(() => deriveGlue(changed)).toThrow('expected once, found 0 times: the memory is not shared');
  });
});
