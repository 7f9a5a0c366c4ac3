// The PoP's decoders of pictures, for runs here where no browser decodes: in Node, and where transparency has to be dropped.
import { PictureDecoders } from '../../worker/pipeline/picture-decoders.ts';

interface FileSystem {
  readFileSync(file: URL): Uint8Array<ArrayBuffer>;
}

let started: Promise<PictureDecoders> | undefined;

/** The same for every caller; compiled when they are first asked for. */
export function pictureDecoders(): Promise<PictureDecoders> {
  started ??= start().catch((cause) => {
    // The next picture tries again.
    started = undefined;
    throw cause;
  });
  return started;
}

async function start(): Promise<PictureDecoders> {
  // The build lays the files beside this module.
  const [jpeg, webp] = await Promise.all([
    compiled(new URL('./mozjpeg_dec.wasm', import.meta.url)),
    compiled(new URL('./webp_dec.wasm', import.meta.url)),
  ]);
  return new PictureDecoders({ jpeg, webp });
}

async function compiled(file: URL): Promise<WebAssembly.Module> {
  if (file.protocol !== 'file:') return WebAssembly.compile(new Uint8Array(await (await fetch(file)).arrayBuffer()));
  // Not an import: bundlers for browsers would look for it.
  const { process } = globalThis as { process?: { getBuiltinModule(name: string): FileSystem } };
  if (!process) throw new Error(`cannot read ${file}`);
  return WebAssembly.compile(process.getBuiltinModule('node:fs').readFileSync(file));
}
