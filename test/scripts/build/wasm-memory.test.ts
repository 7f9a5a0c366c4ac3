import { describe, expect, it } from 'vitest';
import { importMemory } from '../../../scripts/build/wasm-memory.ts';

const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const types = [1, 4, 1, 0x60, 0, 0];
const imports = [2, 7, 1, 1, 0x61, 1, 0x66, 0, 0];
const memory = [5, 4, 1, 1, 1, 2];
/** It imports function `a.f`, makes a memory of 1 to 2 pages and exports it as `m`. */
const exported = [7, 5, 1, 1, 0x6d, 2, 0];
const place = { module: 'a', name: 'memory' };

describe('importing a memory', () => {
  it('has the memory that is handed in take the place of the own one', () => {
    const derived = importMemory(Uint8Array.from([...header, ...types, ...imports, ...memory, ...exported]), place);
    const handed = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(derived), {
      a: { f: () => undefined, memory: handed },
    });
    expect(instance.exports.m).toBe(handed);
  });

  it('keeps the limits, so that a memory which may grow further is refused', () => {
    const derived = importMemory(Uint8Array.from([...header, ...types, ...imports, ...memory, ...exported]), place);
    const handed = new WebAssembly.Memory({ initial: 1, maximum: 3 });
    const instantiate = () =>
      new WebAssembly.Instance(new WebAssembly.Module(derived), { a: { f: () => undefined, memory: handed } });
    expect(instantiate).toThrow('maximum');
  });

  it('refuses a module without a memory of its own, or without imports', () => {
    expect(() => importMemory(Uint8Array.from([...header, ...types, ...imports]), place)).toThrow('makes no memories');
    expect(() => importMemory(Uint8Array.from([...header, ...types, ...memory]), place)).toThrow('imports nothing');
  });
});
