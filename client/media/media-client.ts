// The client for pictures and texts: a client of tensors that also knows the steps of a version's pipeline.
import { guard } from '../abortable.ts';
import { PopserveClient, type Run } from '../client.ts';
import { type ErrorCode, PopserveError } from '../errors.ts';
import { jsonOf, pathOf, provenance } from '../model-calls.ts';
import type { CallOptions, ClientOptions, Provenance } from '../options.ts';
import type {
  Box,
  ClassifyAnswer,
  ClassifyOptions,
  DetectAnswer,
  DetectedObject,
  DetectOptions,
  LabelScore,
  Picture,
  PictureOptions,
} from './options.ts';
import { OpenedPicture, type Scale } from './picture.ts';
import { type Described, Pipelines } from './pipelines.ts';

/** What a caller may ask of a task, in the API's names. */
type Parameters = Readonly<Record<string, number | undefined>>;

/** A picture with what is asked about it. */
interface Look {
  readonly picture: OpenedPicture;
  readonly task: 'image-classification' | 'object-detection';
  readonly parameters: Parameters;
  readonly options: PictureOptions;
}

/** An answer of a task, told in pixels that have to be multiplied. */
interface Seen extends Provenance {
  readonly answer: unknown;
  readonly scale: Scale;
}

export class MediaClient extends PopserveClient {
  readonly #pipelines: Pipelines;

  /**
   * Makes a client for pictures and texts that can also do all that a `PopserveClient` does.
   * @example
   * ```ts
   * import { MediaClient } from 'popserve/client/media';
   *
   * const client = new MediaClient('http://127.0.0.1:8787', { deviceKey: 'camera-3' });
   * const { name } = await client.metadata('pictures');
   * console.log(name); // pictures
   * ```
   * @param url the address of the PoPs
   */
  constructor(url: string | URL, options: ClientOptions = {}) {
    super(url, options);
    const ask = async (path: string, call: CallOptions) => jsonOf(await this.send(path, call));
    this.#pipelines = new Pipelines(`${url}`.replace(/\/*$/, '/'), options.local !== undefined, ask);
  }

  /**
   * Says what a picture shows.
   * @example
   * ```ts
   * import { MediaClient } from 'popserve/client/media';
   *
   * const client = new MediaClient('http://127.0.0.1:8787');
   * const file = await fetch('data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEklEQVR4nGN4JsL1TISLAUIBAB/uBBHAPghBAAAAAElFTkSuQmCC');
   * const { labels, version } = await client.classify('pictures', await file.blob(), { topK: 1 });
   * console.log(version, labels[0]?.label); // 1 red
   * ```
   * @throws {PopserveError} if neither a PoP nor a permitted local run gives an answer; `code` says why
   * @throws {unknown} the reason of `signal`, once it is aborted
   */
  classify(model: string, picture: Picture, options: ClassifyOptions = {}): Promise<ClassifyAnswer> {
    const { topK, threshold } = options;
    const task = 'image-classification';
    return this.#opened(picture, options, async (opened) => {
      const look = { picture: opened, task, parameters: { top_k: topK, threshold }, options } as const;
      const { answer, scale: _, ...origin } = await this.#look(model, look);
      return { ...origin, labels: answer as LabelScore[] };
    });
  }

  /**
   * Finds things in a picture.
   * @example
   * ```ts
   * import { MediaClient } from 'popserve/client/media';
   *
   * const client = new MediaClient('http://127.0.0.1:8787');
   * const file = await fetch('data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEklEQVR4nGN4JsL1TISLAUIBAB/uBBHAPghBAAAAAElFTkSuQmCC');
   * const { objects } = await client.detect('things', await file.blob());
   * console.log(objects[0]?.label, objects[0]?.box.xmax); // spot 0.25
   * ```
   * @returns their boxes in pixels of the picture that was given, however large it was when it travelled
   * @throws {PopserveError} if neither a PoP nor a permitted local run gives an answer; `code` says why
   * @throws {unknown} the reason of `signal`, once it is aborted
   */
  detect(model: string, picture: Picture, options: DetectOptions = {}): Promise<DetectAnswer> {
    const { threshold } = options;
    return this.#opened(picture, options, async (opened) => {
      const look = { picture: opened, task: 'object-detection', parameters: { threshold }, options } as const;
      const { answer, scale, ...origin } = await this.#look(model, look);
      const objects = answer as DetectedObject[];
      return { ...origin, objects: objects.map((object) => ({ ...object, box: enlarged(object.box, scale) })) };
    });
  }

  /**
   * As the client of tensors does it, and also loads the code of the steps that run here.
   * @example
   * ```ts
   * import { MediaClient } from 'popserve/client/media';
   *
   * const client = new MediaClient('http://127.0.0.1:8787', { local: { ort: () => import('onnxruntime-web') } });
   * const { version } = await client.prepare('pictures');
   * console.log(version); // 1
   * ```
   * @returns the version that was loaded
   * @throws {PopserveError} as {@link PopserveClient.prepare}; LOCAL_FAILED also if the code of the steps does not load
   * @throws {unknown} the reason of `signal`, once it is aborted
   */
  override prepare(model: string, options: CallOptions = {}): ReturnType<PopserveClient['prepare']> {
    return guard(options.signal, async () => {
      const known = await super.prepare(model, options);
      const described = await this.#pipelines.of(model, known, options);
      this.#pipelines.moved(model, options.version, described);
      const { pipeline } = described;
      if (pipeline !== null && 'image' in pipeline)
        await loading(async () => (await import('./steps.ts')).makeReady(pipeline));
      return known;
    });
  }

  #opened<A>(picture: Picture, { signal }: PictureOptions, work: (opened: OpenedPicture) => Promise<A>): Promise<A> {
    return guard(signal, async () => {
      const opened = new OpenedPicture(picture);
      try {
        return await work(opened);
      } finally {
        opened.close();
      }
    });
  }

  #look(model: string, look: Look): Promise<Seen> {
    return this.answer(
      model,
      look.options,
      (call) => this.#lookAtPop(model, look, call),
      (origin, run) => this.#lookHere(look, origin, run),
    );
  }

  async #lookHere(look: Look, origin: Provenance, run: Run): Promise<Seen> {
    const described = await this.#pipelines.of(origin.model, origin, look.options);
    const pipeline = pipelineFor(look.task, described);
    const steps = await loading(() => import('./steps.ts'));
    try {
      const picture = await look.picture.toRun(pipeline.image, look.options.shrink ?? true);
      const started = await steps.startRun(pipeline, picture.file ?? picture.pixels, look.parameters);
      return { ...origin, answer: started.finish(await run(started.inputs, undefined)), scale: picture.scale };
    } catch (cause) {
      throw ofThisFamily(cause);
    }
  }

  async #lookAtPop(model: string, look: Look, call: CallOptions): Promise<Seen> {
    const described = await this.#pipelines.served(model, call);
    const seen = await this.#send(model, described, look, call);
    if (seen.digest === described.digest) return seen;
    // Another version answered: what was sent may be smaller than what its steps need.
    const now = await this.#pipelines.of(model, seen, call);
    this.#pipelines.moved(model, call.version, now);
    return JSON.stringify(now.pipeline) === JSON.stringify(described.pipeline)
      ? seen
      : this.#send(model, now, look, call);
  }

  async #send(model: string, described: Described, look: Look, call: CallOptions): Promise<Seen> {
    const { shrink = true } = look.options;
    const { image } = pipelineFor(look.task, described);
    const { file, scale } = await look.picture.toSend(image, shrink);
    const request = pictureRequest(file, look.parameters);
    const received = await this.send(`${pathOf(model, call.version)}/infer`, call, { method: 'POST', ...request });
    return { ...provenance(model, received), answer: jsonOf(received), scale };
  }
}

function enlarged({ xmin, ymin, xmax, ymax }: Box, { x, y }: Scale): Box {
  return { xmin: xmin * x, ymin: ymin * y, xmax: xmax * x, ymax: ymax * y };
}

/** Modules are not loaded before a version runs here: a page where none does never carries them. */
async function loading<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new PopserveError('LOCAL_FAILED', `the steps of the pipeline do not load here: ${cause}`, { cause });
  }
}

/** The steps are the PoP's own code, and throw the PoP's errors. */
function ofThisFamily(cause: unknown): unknown {
  if (cause instanceof PopserveError || !(cause instanceof Error && 'code' in cause)) return cause;
  return new PopserveError(cause.code as ErrorCode, cause.message, { cause });
}

function pipelineFor(task: Look['task'], { model, version, pipeline }: Described) {
  if (pipeline?.task === task) return pipeline;
  const is = pipeline === null ? 'takes tensors only' : `is for ${pipeline.task}`;
  throw new PopserveError('INVALID_ARGUMENT', `expected a version for ${task}: ${model} ${version} ${is}`);
}

/** The file as it is, or in a form where there is something to say beside it. */
function pictureRequest(file: Blob, parameters: Parameters): Pick<RequestInit, 'headers' | 'body'> {
  const json = JSON.stringify(parameters);
  if (json === '{}') return { headers: { 'content-type': file.type || 'image/*' }, body: file };
  const body = new FormData();
  body.append('file', file);
  body.append('parameters', json);
  return { body };
}
