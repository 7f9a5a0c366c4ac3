// A PoP with a stand-in for the Worker of the second engine, and versions that are for it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../../registry/manifest.ts';
import { sha256, TestPop } from './pop.ts';
import type { SmallPublication } from './small-models.ts';

/** `plus` is what an answer adds to its input. */
type Mode =
  | { readonly kind: 'answer' | 'another-shape'; readonly plus: number }
  | { readonly kind: 'throw' | 'cut-short' }
  | { readonly kind: 'refuse'; readonly status: number; readonly code: string; readonly error: string };

export class LitertPop {
  readonly pop: TestPop;

  private constructor(pop: TestPop) {
    this.pop = pop;
  }

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<LitertPop> {
    const standIn = await readFile(join(import.meta.dirname, 'litert-stand-in.js'), 'utf8');
    return new LitertPop(await TestPop.start(settings, { litert: { standIn } }));
  }

  stop(): Promise<void> {
    return this.pop.stop();
  }

  /** Has the stand-in behave so from now on. */
  async set(mode: Mode): Promise<void> {
    await this.#ask('/mode', JSON.stringify(mode));
  }

  /** The calls that it got since it was last asked, `run adder/1`. */
  async calls(): Promise<string[]> {
    const paths = JSON.parse(await this.#ask('/calls')) as string[];
    return paths.map((path) => path.replace(/^\/models\/(.*)\/versions\/(.*)\/(run|warm)$/, '$3 $1/$2'));
  }

  async #ask(path: string, body?: string): Promise<string> {
    const worker = await this.pop.pop.miniflare.getWorker('popserve-litert');
    const answer = await worker.fetch(`http://litert${path}`, {
      method: 'POST',
      ...(body === undefined ? {} : { body }),
    });
    return await answer.text();
  }
}

/** The same version, which is for LiteRT where its input has exactly this shape. */
export function withLitert(
  { manifest, blobs }: SmallPublication,
  shape: readonly number[],
  tflite: Uint8Array = new TextEncoder().encode('no model: the stand-in needs none'),
): SmallPublication {
  const digest = sha256(tflite);
  const litert: NonNullable<Manifest['runtime']['litert']> = {
    version: '2.5.3',
    inputs: manifest.signature.inputs.map(({ name }) => ({ name, shape: [...shape] })),
    profile: { heapBytes: 1_000_000, createMs: 1, runMs: 0.1 },
    timesFaster: 2,
    chosen: 'measured',
  };
  return {
    manifest: {
      ...manifest,
      artifacts: { ...manifest.artifacts, tflite: { digest, bytes: tflite.length } },
      runtime: { ...manifest.runtime, litert },
    },
    blobs: [...blobs, { digest, bytes: tflite }],
  };
}
