// The decoders of pictures as the Worker imports them, copied from the installed @jsquash packages: a relative path, because wrangler
// does not resolve a bare one to compiled WASM. Their digests are checked, so that another version fails here, with a message.
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
  'png/codec/pkg/squoosh_png.js': '65ebe1192f970c46263d52a122edf6bd01be81174c6bf1736a16f1e6f0e9b411',
  'png/codec/pkg/squoosh_png_bg.wasm': '263d6e658808a74b72a1a99c5cc1d619237e70c150db6e41d5d84d3d117ab9be',
  'webp/codec/dec/webp_dec.js': 'c57971611f4d9ec04e4636ce7bb4a35c031b24cbdb013518f0a017d9f6014370',
  'webp/codec/dec/webp_dec.wasm': '30fb52fa2a80166d25ba7debf902218904ba1f05ccce9f959f722beff9e2f344',
};

/** An instance whose memory has grown is given up for a fresh one, which the glue of the PNG decoder would not make. */
const onlyOnce = 'if (wasm !== undefined) return wasm;';

/**
 * Writes the decoders into worker/pipeline/codecs, unless they are there already.
 * @throws {Error} if the installed packages are others than those that were tried
 */
export async function deriveCodecs(): Promise<void> {
  const stamp = join(target, 'derived-from');
  const rules = createHash('sha256')
    .update(JSON.stringify([proven, onlyOnce]))
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
  return basename(file) === 'squoosh_png.js' ? content.toString('utf8').replaceAll(onlyOnce, '') : content;
}

/** In one step: another process may be bundling meanwhile. */
async function write(file: string, content: string | Uint8Array): Promise<void> {
  const fresh = join(target, `.${file}-${process.pid}`);
  await writeFile(fresh, content);
  await rename(fresh, join(target, file));
}
