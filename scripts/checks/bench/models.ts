// The models of the benchmarks: published with popserve's own pipeline, and the original beside them for the peers.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Baseline } from '../../../registry/baseline.ts';
import type { Manifest } from '../../../registry/manifest.ts';
import { elementTypeOf } from '../../../worker/protocol/element-type.ts';
import { encodeFrame } from '../../../worker/protocol/raw-frame.ts';
import type { Tensor } from '../../../worker/protocol/tensor.ts';
import { demoModel } from '../../demo/demo-model.ts';
import { Inspector } from '../../inspect/inspector.ts';
import type { EngineOption } from '../../publish/settings.ts';
import { preparePublication } from '../../validation/prepare-publication.ts';
import { matmulModel } from './matmul-model.ts';
import { reduceModel } from './reduce-model.ts';
import { scratchFolder } from './scratch.ts';
import { StoreFolder } from './store-folder.ts';
import { zooInputs, zooModelPath } from './zoo.ts';

export interface BenchModel {
  readonly name: string;
  readonly onnxFile: string;
  readonly onnx: Uint8Array;
  /** The artifact that the serving Worker loads: in ORT format, or as it was where that is not possible. */
  readonly artifact: Uint8Array;
  readonly manifest: Manifest;
  readonly inputs: readonly Tensor[];
}

export class ModelShelf implements AsyncDisposable {
  /** Every model on the shelf is released here; its original lies under `onnx/<name>`. */
  readonly store: StoreFolder;
  readonly #files: string;
  readonly #inspector: Inspector;
  readonly #note: (message: string) => void;
  readonly #models = new Map<string, Promise<BenchModel>>();

  private constructor(store: StoreFolder, files: string, inspector: Inspector, note: (message: string) => void) {
    this.store = store;
    this.#files = files;
    this.#inspector = inspector;
    this.#note = note;
  }

  static async open(note: (message: string) => void): Promise<ModelShelf> {
    const files = await scratchFolder();
    return new ModelShelf(await StoreFolder.create(), files, await Inspector.start(), note);
  }

  /** A real model with the inputs of one of its golden cases. */
  zoo(name: string, golden: string): Promise<BenchModel> {
    return this.#once(name, async () => this.#publish(name, zooModelPath(name), await zooInputs(name, golden)));
  }

  /** The same, published for LiteRT as well, under a name of its own. */
  zooForLiteRt(name: string, golden: string): Promise<BenchModel> {
    const own = `${name}-litert`;
    const inputs = () => zooInputs(name, golden);
    return this.#once(own, async () => this.#publish(own, zooModelPath(name), await inputs(), { engine: 'litert' }));
  }

  /** A real model to be run on its warm-up input only. */
  zooWithoutInputs(name: string): Promise<BenchModel> {
    return this.#once(name, () => this.#publish(name, zooModelPath(name), []));
  }

  matmul(weightMib: number): Promise<BenchModel> {
    const name = `matmul-${weightMib}`;
    return this.#once(name, async () => {
      const { onnx, inputs } = matmulModel(weightMib, 1);
      const file = join(this.#files, `${name}.onnx`);
      await writeFile(file, onnx);
      return this.#publish(name, file, inputs);
    });
  }

  reduce(elements: number): Promise<BenchModel> {
    const name = `reduce-${elements}`;
    return this.#once(name, async () => {
      const { onnx, inputs } = reduceModel(elements);
      const file = join(this.#files, `${name}.onnx`);
      await writeFile(file, onnx);
      return this.#publish(name, file, inputs);
    });
  }

  /** The demo model on one row; with a baseline, live values are counted. */
  demo(name: string, inputs: readonly Tensor[], baseline?: Baseline): Promise<BenchModel> {
    return this.#once(name, () =>
      this.#publish(name, demoModel.file, inputs, baseline === undefined ? {} : { baseline }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inspector.close();
    await this.store[Symbol.asyncDispose]();
    await rm(this.#files, { recursive: true, force: true });
  }

  #once(name: string, make: () => Promise<BenchModel>): Promise<BenchModel> {
    const known = this.#models.get(name) ?? make();
    this.#models.set(name, known);
    return known;
  }

  async #publish(
    name: string,
    onnxFile: string,
    inputs: readonly Tensor[],
    { baseline, engine = 'onnxruntime' }: { readonly baseline?: Baseline; readonly engine?: EngineOption } = {},
  ): Promise<BenchModel> {
    this.#note(`publishing ${name}`);
    // The inputs are known: what sizes the model takes need not be probed.
    const options = { file: onnxFile, model: name.toLowerCase(), version: '1', probeLimitMs: 0, engine };
    const quiet = { step: () => {}, note: () => {} };
    const { manifest: prepared, blobs } = await preparePublication(options, quiet, this.#inspector);
    const manifest = baseline === undefined ? prepared : { ...prepared, baseline };
    const onnx = await readFile(onnxFile);
    await this.store.release([manifest], blobs);
    await this.store.putObject(`onnx/${name}`, onnx);
    const artifact = blobs.find(({ digest }) => digest === manifest.artifacts.model.digest)?.bytes;
    if (!artifact) throw new Error(`${name} was published without its bytes`);
    return { name, onnxFile, onnx, artifact, manifest, inputs };
  }
}

/** Inputs as the measured Workers take them at /measure/run. */
export function inputFrame(inputs: readonly Tensor[]): Uint8Array<ArrayBuffer> {
  const tensors = inputs.map((tensor) => ({ ...tensor, elementType: elementTypeOf(tensor.datatype) }));
  return encodeFrame({ tensors, extra: {} });
}
