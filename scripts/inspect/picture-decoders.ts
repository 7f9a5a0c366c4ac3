// The Worker's decoders of pictures in Node, compiled from the files of their packages.
import { readFile } from 'node:fs/promises';
import { PictureDecoders } from '../../worker/pipeline/picture-decoders.ts';
import { dependencyFile } from '../build/project.ts';

let started: Promise<PictureDecoders> | undefined;

/** The same for every caller; compiled when they are first asked for. */
export function pictureDecoders(): Promise<PictureDecoders> {
  started ??= start();
  return started;
}

async function start(): Promise<PictureDecoders> {
  const compiled = async (file: string) => WebAssembly.compile(await readFile(dependencyFile(file)));
  return new PictureDecoders({
    jpeg: await compiled('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'),
    webp: await compiled('@jsquash/webp/codec/dec/webp_dec.wasm'),
  });
}
