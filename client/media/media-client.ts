// The client for pictures and texts: a client of tensors that also knows the steps of a version's pipeline.

import type { Pipeline } from '../../registry/pipeline/pipeline.ts';
import { guard } from '../abortable.ts';
import { PopserveClient, type Run } from '../client.ts';
import { type ErrorCode, PopserveError } from '../errors.ts';
import { jsonOf, pathOf, provenance } from '../model-calls.ts';
import type { CallOptions, ClientOptions, Provenance, RunOptions } from '../options.ts';
import { spellOut } from '../tensors.ts';
import { decodeAnswer, encodeRequest } from '../wire.ts';
import type {
  Box,
  ClassifyAnswer,
  ClassifyOptions,
  ClassifyTextsAnswer,
  ClassifyTextsOptions,
  DetectAnswer,
  DetectedObject,
  DetectOptions,
  EmbedAnswer,
  EmbedOptions,
  LabelScore,
  MarkTextsAnswer,
  MarkTextsOptions,
  Picture,
  PictureOptions,
  ReadAnswer,
  TextsRead,
} from './options.ts';
import { OpenedPicture, type Scale } from './picture.ts';
import { type Described, Pipelines } from './pipelines.ts';
import { type Marked, toSpans } from './text-spans.ts';
import type { StartedTexts } from './text-steps.ts';
import { Tokenizers } from './tokenizers.ts';

/** The parameters of a task under the API's names. */
type Parameters = Readonly<Record<string, number | undefined>>;

/** A picture with what is asked about it. */
interface Look {
  readonly picture: OpenedPicture;
  readonly task: 'image-classification' | 'object-detection' | 'image-to-text';
  readonly parameters: Parameters;
  readonly options: PictureOptions;
}

type TextSteps = typeof import('./text-steps.ts');

/** A question about texts, and the way to begin it where the version runs here. */
interface AskedOfTexts<A> {
  readonly task: 'text-classification' | 'token-classification';
  readonly parameters: Parameters;
  start(described: Described, texts: readonly string[], tokenizer: Uint8Array, steps: TextSteps): StartedTexts<A>;
}

interface AnsweredTexts<A> extends Provenance, TextsRead {
  readonly answers: A[];
}

/** An answer of a task, told in pixels that have to be multiplied. */
interface Seen extends Provenance {
  readonly answer: unknown;
  readonly scale: Scale;
}

export class MediaClient extends PopserveClient {
  readonly #pipelines: Pipelines;
  readonly #tokenizers: Tokenizers;

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
    const base = `${url}`.replace(/\/*$/, '/');
    this.#pipelines = new Pipelines(base, options.local !== undefined, async (path, call) =>
      jsonOf(await this.send(path, call)),
    );
    this.#tokenizers = new Tokenizers(base, async (path, call) => (await this.send(path, call)).body);
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
   * Reads a line of writing.
   * @example
   * ```ts
   * import { MediaClient } from 'popserve/client/media';
   *
   * const client = new MediaClient('http://127.0.0.1:8787');
   * const file = await fetch('data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEklEQVR4nGN4JsL1TISLAUIBAB/uBBHAPghBAAAAAElFTkSuQmCC');
   * const { text } = await client.read('lines', await file.blob());
   * console.log(text); // r
   * ```
   * @throws {PopserveError} if neither a PoP nor a permitted local run gives an answer; `code` says why
   * @throws {unknown} the reason of `signal`, once it is aborted
   */
  read(model: string, picture: Picture, options: PictureOptions = {}): Promise<ReadAnswer> {
    return this.#opened(picture, options, async (opened) => {
      const look = { picture: opened, task: 'image-to-text', parameters: {}, options } as const;
      const { answer, scale: _, ...origin } = await this.#look(model, look);
      const [{ generated_text: text, score }] = answer as [{ generated_text: string; score: number }];
      return { ...origin, text, score };
    });
  }

  /**
   * Says which classes texts belong to.
   * @example
   * ```ts
   * import { MediaClient } from 'popserve/client/media';
   *
   * const client = new MediaClient('http://127.0.0.1:8787');
   * const { labels } = await client.classifyTexts('moods', ['good film', 'bad film'], { topK: 1 });
   * console.log(labels.map(([best]) => best?.label).join()); // POSITIVE,NEGATIVE
   * ```
   * @param texts one or more
   * @throws {PopserveError} if neither a PoP nor a permitted local run gives an answer; `code` says why
   * @throws {unknown} the reason of `signal`, once it is aborted
   */
  classifyTexts(
    model: string,
    texts: string | readonly string[],
    options: ClassifyTextsOptions = {},
  ): Promise<ClassifyTextsAnswer> {
    const { topK, threshold } = options;
    const task = 'text-classification';
    return this.#texts<LabelScore[]>(model, texts, options, {
      task,
      parameters: { top_k: topK, threshold },
      start: (described, all, tokenizer, { startClassifying }) =>
        startClassifying(pipelineFor(task, described), all, tokenizer, options),
    }).then(({ answers, ...read }) => ({ ...read, labels: answers }));
  }

  /**
   * Finds the parts of texts that a model marks, such as names of people and places.
   * @example
   * ```ts
   * import { MediaClient } from 'popserve/client/media';
   *
   * const client = new MediaClient('http://127.0.0.1:8787');
   * const { spans } = await client.markTexts('names', 'ann saw new york');
   * console.log(spans[0]?.map(({ label, word }) => `${label} ${word}`).join()); // PER ann,LOC new york
   * ```
   * @param texts one or more
   * @throws {PopserveError} if neither a PoP nor a permitted local run gives an answer; `code` says why
   * @throws {unknown} the reason of `signal`, once it is aborted
   */
  markTexts(
    model: string,
    texts: string | readonly string[],
    options: MarkTextsOptions = {},
  ): Promise<MarkTextsAnswer> {
    const { threshold } = options;
    const task = 'token-classification';
    return this.#texts<Marked[]>(model, texts, options, {
      task,
      parameters: { threshold },
      start: (described, all, tokenizer, { startMarking }) =>
        startMarking(pipelineFor(task, described), all, tokenizer, options),
    }).then(({ answers, ...read }) => ({ ...read, spans: toSpans(listOf(texts), answers) }));
  }

  /**
   * Makes vectors of texts, to compare them by.
   * @example
   * ```ts
   * import { MediaClient } from 'popserve/client/media';
   *
   * const client = new MediaClient('http://127.0.0.1:8787');
   * const { embeddings, tokens } = await client.embed('sentences', ['good film', 'bad film']);
   * console.log(embeddings.length, embeddings[0]?.length, tokens); // 2 2 8
   * ```
   * @param texts one or more
   * @throws {PopserveError} if neither a PoP nor a permitted local run gives an answer; `code` says why
   * @throws {unknown} the reason of `signal`, once it is aborted
   */
  embed(model: string, texts: string | readonly string[], options: EmbedOptions = {}): Promise<EmbedAnswer> {
    return guard(options.signal, () => {
      const all = listOf(texts);
      return this.answer<EmbedAnswer>(
        model,
        options,
        (call) => this.#embedAtPop(model, all, options, call),
        async (origin, run) => {
          const { answers, ...read } = await this.#runHere(
            'feature-extraction',
            options,
            origin,
            run,
            (described, tokenizer, steps) =>
              steps.startEmbedding(pipelineFor('feature-extraction', described), all, tokenizer, options),
          );
          return { ...read, embeddings: answers };
        },
      );
    });
  }

  #texts<A>(
    model: string,
    texts: string | readonly string[],
    options: RunOptions,
    { task, parameters, start }: AskedOfTexts<A>,
  ): Promise<AnsweredTexts<A>> {
    return guard(options.signal, () => {
      const all = listOf(texts);
      return this.answer<AnsweredTexts<A>>(
        model,
        options,
        async (call) => {
          const body = JSON.stringify({ inputs: all, parameters });
          const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
          const received = await this.send(`${pathOf(model, call.version)}/infer`, call, request);
          const origin = provenance(model, received);
          // Answers of other tasks look alike.
          pipelineFor(task, await this.#pipelines.of(model, origin, call));
          const answers = jsonOf(received) as A[];
          return { ...origin, answers, truncated: received.headers.has('popserve-truncated') };
        },
        async (origin, run) => {
          const { tokens: _, ...read } = await this.#runHere(
            task,
            options,
            origin,
            run,
            (described, tokenizer, steps) => start(described, all, tokenizer, steps),
          );
          return read;
        },
      );
    });
  }

  async #embedAtPop(
    model: string,
    texts: readonly string[],
    { dimensions, prompt }: EmbedOptions,
    call: CallOptions,
  ): Promise<EmbedAnswer> {
    const parameters = {
      ...(dimensions === undefined ? {} : { dimensions }),
      ...(prompt === undefined ? {} : { prompt_name: prompt }),
    };
    const inputs = new Map([['text', spellOut('text', { data: texts, datatype: 'BYTES' })]]);
    const request = { method: 'POST', ...encodeRequest(inputs, { parameters }) };
    const received = await this.send(`${pathOf(model, call.version)}/infer`, call, request);
    const { embedding } = decodeAnswer(received.headers, received.body).outputs;
    const origin = provenance(model, received);
    if (embedding?.datatype !== 'FP32') throw wrongTask('feature-extraction', origin, 'is for something else');
    return {
      ...origin,
      embeddings: rowsOf(embedding.data, embedding.shape),
      tokens: Number(received.headers.get('popserve-tokens')),
      truncated: received.headers.has('popserve-truncated'),
    };
  }

  /** @throws {PopserveError} INVALID_ARGUMENT for a version of another task, before anything is loaded for it */
  async #runHere<A>(
    task: Pipeline['task'],
    options: CallOptions,
    origin: Provenance,
    run: Run,
    start: (described: Described, tokenizer: Uint8Array, steps: TextSteps) => StartedTexts<A>,
  ) {
    const described = await this.#pipelines.of(origin.model, origin, options);
    pipelineFor(task, described);
    const steps = await loading(() => import('./text-steps.ts'));
    const tokenizer = await this.#tokenizer(described, options);
    try {
      const started = start(described, tokenizer, steps);
      return { ...origin, ...started.finish(await run(started.inputs, undefined)) };
    } catch (cause) {
      throw ofThisFamily(cause);
    }
  }

  #tokenizer({ model, version, tokenizer }: Described, call: CallOptions): Promise<Uint8Array> {
    if (tokenizer === null)
      throw new PopserveError('BAD_ANSWER', `${model} ${version} takes texts without a tokenizer`);
    return this.#tokenizers.load(pathOf(model, version), tokenizer, call);
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
      if (pipeline !== null && 'image' in pipeline) await loading(async () => (await import('./steps.ts')).makeReady());
      if (pipeline !== null && 'text' in pipeline) {
        await loading(() => import('./text-steps.ts'));
        await this.#tokenizer(described, options);
      }
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
    // Versions of the same bytes may have other steps, and a name may come again with other bytes.
    if (seen.version === described.version && seen.digest === described.digest) return seen;
    // Another version answered: what was sent may be smaller than what its steps need.
    const now = await this.#pipelines.of(model, seen, call);
    this.#pipelines.moved(model, call.version, now);
    const isEnough = seen.scale.x === 1 || JSON.stringify(now.pipeline) === JSON.stringify(described.pipeline);
    return isEnough ? seen : this.#send(model, now, look, call);
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

function listOf(texts: string | readonly string[]): readonly string[] {
  return typeof texts === 'string' ? [texts] : texts;
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

function pipelineFor<T extends Pipeline['task']>(task: T, { pipeline, ...origin }: Described) {
  if (pipeline?.task === task) return pipeline as Extract<Pipeline, { task: T }>;
  throw wrongTask(task, origin, pipeline === null ? 'takes tensors only' : `is for ${pipeline.task}`);
}

function wrongTask(task: string, { model, version }: Pick<Provenance, 'model' | 'version'>, is: string): PopserveError {
  return new PopserveError('INVALID_ARGUMENT', `expected a version for ${task}: ${model} ${version} ${is}`);
}

function rowsOf(data: Float32Array, [rows = 0, width = 0]: readonly number[]): Float32Array[] {
  return Array.from({ length: rows }, (_, row) => data.slice(row * width, (row + 1) * width));
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
