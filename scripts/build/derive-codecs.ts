// The decoders of pictures as the Worker imports them, derived from the installed @jsquash packages: with small memories, and below a
// relative path, because wrangler does not resolve a bare one to compiled WASM. Their digests are checked, so that another version fails here, with a message.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { projectRoot } from './project.ts';

/** git ignores the folder. */
const target = join(projectRoot, 'worker', 'pipeline', 'codecs');

/** Files below node_modules/@jsquash, and the SHA-256 that each has in the version that was tried. */
const proven = {
  'jpeg/codec/dec/mozjpeg_dec.js': 'a6836b2d03d4fdda64b4aef380e6298d7421c070e7e1e4cf13ec129df7aa0b5e',
  'jpeg/codec/dec/mozjpeg_dec.wasm': 'a7c4b12169817e779ff4af137981393ae924944e167ad1bd95747c9199162d3e',
  'webp/codec/dec/webp_dec.js': 'c57971611f4d9ec04e4636ce7bb4a35c031b24cbdb013518f0a017d9f6014370',
  'webp/codec/dec/webp_dec.wasm': '30fb52fa2a80166d25ba7debf902218904ba1f05ccce9f959f722beff9e2f344',
};

/**
 * The memory sections of the decoders that start with 16 MiB and may grow to 2 GiB. They need 77 KiB until a picture comes, so they start
 * with 1 MiB and end at 128 MiB, which is an isolate. Section 5, 7 bytes, one memory with a maximum: the
 * minimum of two bytes and the maximum of three, in pages of 64 KiB.
 * @see https://webassembly.github.io/spec/core/binary/modules.html#memory-section
 */
const memories: Readonly<Record<string, string>> = {
  'mozjpeg_dec.wasm': '050701018202808002',
  'webp_dec.wasm': '050701018002808002',
};
const smallMemory = '050701019000809000';

/**
 * Writes the decoders into worker/pipeline/codecs, unless they are there already.
 * @throws {Error} if the installed packages are others than those that were tried
 */
export async function deriveCodecs(): Promise<void> {
  const stamp = join(target, 'derived-from');
  const rules = createHash('sha256')
    .update(JSON.stringify([proven, memories, smallMemory]))
    .digest('hex');
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === rules) return;
  await mkdir(target, { recursive: true });
  for (const [file, digest] of Object.entries(proven)) await write(basename(file), await readPublished(file, digest));
  await write('derived-from', rules);
}

async function readPublished(file: string, digest: string): Promise<string | Uint8Array> {
  const content = await readFile(join(projectRoot, 'node_modules', '@jsquash', file));
  const found = createHash('sha256').update(content).digest('hex');
  if (found !== digest) {
    throw new Error(
      `@jsquash/${file} has the digest ${found}, expected ${digest}: another version is installed. Install the one of ` +
        'package-lock.json, or run the tests of worker/pipeline with it and write its digest into scripts/build/derive-codecs.ts.',
    );
  }
  const memory = memories[basename(file)];
  return memory === undefined ? content : withSmallMemory(content, memory);
}

/** @throws {Error} unless the section stands in the module exactly once */
function withSmallMemory(wasm: Buffer, memory: string): Buffer {
  const [at, last] = [wasm.indexOf(memory, 0, 'hex'), wasm.lastIndexOf(memory, undefined, 'hex')];
  if (at === -1 || at !== last) throw new Error('the memory of a decoder has changed: expected its section once');
  const derived = Buffer.from(wasm);
  derived.write(smallMemory, at, 'hex');
  return derived;
}

/** In one step: another process may be bundling meanwhile. */
async function write(file: string, content: string | Uint8Array): Promise<void> {
  const fresh = join(target, `.${file}-${process.pid}`);
  await writeFile(fresh, content);
  await rename(fresh, join(target, file));
}
