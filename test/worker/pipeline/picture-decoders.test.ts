// What the Worker's decoders take of an isolate's memory, against what the ledger is told.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { deriveCodecs } from '../../../scripts/build/derive-codecs.ts';
import { projectRoot } from '../../../scripts/build/project.ts';
import { decodingBytes, PictureDecoders } from '../../../worker/pipeline/picture-decoders.ts';
import { readPictureHeader } from '../../../worker/pipeline/picture-header.ts';
import { jpegs } from '../../harness/pictures/jpegs.ts';

await deriveCodecs();
const compiled = (file: string) =>
  new WebAssembly.Module(readFileSync(join(projectRoot, 'worker', 'pipeline', 'codecs', file)));
const modules = {
  jpeg: compiled('mozjpeg_dec.wasm'),
  webp: compiled('webp_dec.wasm'),
};
const baseline = new Uint8Array(Buffer.from(jpegs.baseline, 'base64'));

/** The memories of the decoders that are started from here on. */
function watchMemories(): WebAssembly.Memory[] {
  const memories: WebAssembly.Memory[] = [];
  WebAssembly.Instance = class extends Instance {
    constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
      super(module, imports);
      memories.push(...Object.values(this.exports).filter((value) => value instanceof WebAssembly.Memory));
    }
  };
  return memories;
}
const { Instance } = WebAssembly;
afterEach(() => {
  WebAssembly.Instance = Instance;
});

/** A progressive JPEG that holds each colour at full size, which takes the most; its data end early, which decoders fill up. */
function fullColour(width: number, height: number): Uint8Array {
  const file = Buffer.from(jpegs.progressive, 'base64');
  const frame = file.indexOf('ffc2', 0, 'hex');
  file.writeUInt16BE(height, frame + 5);
  file.writeUInt16BE(width, frame + 7);
  file[frame + 11] = 0x11;
  return new Uint8Array(file);
}

test('many small pictures share one decoder of 1 MiB', async () => {
  const memories = watchMemories();
  const decoders = new PictureDecoders(modules);
  for (let count = 0; count < 20; count++) await decoders.decode(baseline, readPictureHeader(baseline));
  expect(memories.map(({ buffer }) => buffer.byteLength)).toEqual([1_048_576]);
  expect(decoders.byteLength).toBe(1_048_576);
});

test('a picture in passes takes no more than is counted', async () => {
  const memories = watchMemories();
  const file = fullColour(2000, 1000);
  const header = readPictureHeader(file);
  const { rgba } = await new PictureDecoders(modules).decode(file, header);
  const [memory] = memories;
  expect(header.inPasses).toBe(true);
  expect((memory?.buffer.byteLength ?? Number.NaN) + rgba.byteLength).toBeLessThan(decodingBytes(header, file));
});

test('a decoder ends at the size of an isolate, whatever a file makes it ask for', async () => {
  const memories = watchMemories();
  const file = fullColour(20_000, 16_000);
  await expect(new PictureDecoders(modules).decode(file, readPictureHeader(file))).rejects.toThrow('cannot be decoded');
  for (const { buffer } of memories) expect(buffer.byteLength).toBeLessThanOrEqual(128 * 1_048_576);
});
