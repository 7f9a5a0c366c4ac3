// Draws a uniform sample of the rows that this isolate answered, per version and time window, for the models that the operator
// names. Rows are small, kept as JSON, and drawn after the answer is encoded. The reporter drains the sample. Windows begin at
// the same time in all isolates, so that the model's Durable Object can merge their samples.
import { batchOf, recordsIn } from '../../../registry/batch.ts';
import type { Manifest } from '../../../registry/manifest.ts';
import { RecordRow } from '../../protocol/encode-record.ts';
import { type InputTensor, isPending, type Tensor } from '../../protocol/tensor.ts';
import { Reservoir, type Tagged } from './reservoir.ts';
import type { SampleSettings } from './settings.ts';

/** The input and the answer of one row, as JSON objects. */
export interface SampledRow {
  readonly atMs: number;
  readonly features: string;
  readonly prediction: string;
}

/** What may be kept of a picture or a text and of its answer: of pictures what is counted of them, never their pixels. */
export interface SampledItem {
  readonly sample: {
    readonly features: Readonly<Record<string, string | number>>;
    readonly prediction: Readonly<Record<string, unknown>>;
  };
}

/** The rows drawn for one version in one time window since the last report. */
export interface SampleDelta {
  readonly version: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** The number of rows that were answered. */
  readonly seen: number;
  /** The number of rows that were drawn and left out, because they are too large or hold text that is not UTF-8. */
  readonly skipped: number;
  readonly rows: readonly Tagged<SampledRow>[];
}

export interface SampleReport {
  /** The region of the isolate's PoP; null if it is not known. */
  readonly region: string | null;
  /** The number of rows that are kept for a version and window, over all PoPs. */
  readonly size: number;
  /** How long rows are kept after the end of their window. */
  readonly keptMs: number;
  readonly windows: readonly SampleDelta[];
}

interface OpenWindow {
  readonly version: string;
  readonly fromMs: number;
  seen: number;
  skipped: number;
  readonly reservoir: Reservoir<SampledRow>;
}

/**
 * The limit for features and prediction together: larger rows, such as images, are no use in a table and would fill the memory.
 */
const mostCharacters = 4096;
/** At most this many windows of a model: stable, canary, and the two that they replaced. With 500 rows in each they hold 8 MB. */
const mostWindows = 4;

export class InputSampler {
  readonly #settings: SampleSettings;
  readonly #random: () => number;
  /** Keyed by model. */
  readonly #windows = new Map<string, OpenWindow[]>();
  #heldBytes = 0;

  constructor(settings: SampleSettings, random: () => number = Math.random) {
    this.#settings = settings;
    this.#random = random;
  }

  /**
   * Never throws: an answer must not depend on being sampled.
   * @param outputs the outputs that the request asked for; they may be views on the heap
   * @param items what was sent to a pipeline and what it answered; left out for tensors
   */
  sample(
    manifest: Manifest,
    inputs: readonly InputTensor[],
    outputs: readonly Tensor[],
    items?: () => readonly SampledItem[],
  ): void {
    const size = this.#settings.models.get(manifest.model);
    if (size === undefined) return;
    const atMs = Date.now();
    const window = this.#windowOf(manifest, size, atMs);
    if (window === null) return;
    const rows = recordsIn(inputs, batchOf(manifest.signature));
    window.seen += rows;
    let drewRows = false;
    let told: readonly SampledItem[] | undefined;
    for (let row = 0; row < rows; row++) {
      const tag = this.#random();
      if (!window.reservoir.accepts(tag)) continue;
      if (items !== undefined) told ??= items();
      const drawn =
        told === undefined ? encodeRow(new RecordRow(manifest, row, rows), inputs, outputs) : encodeItem(told[row]);
      if (drawn === null) window.skipped += 1;
      else window.reservoir.add(tag, { atMs, ...drawn });
      drewRows = true;
    }
    if (drewRows) this.#measure();
  }

  /** Moves out what was drawn for a model since the last call; undefined if no row was answered. */
  take(model: string, region: string | null): SampleReport | undefined {
    const open = this.#windows.get(model);
    const size = this.#settings.models.get(model);
    if (open === undefined || size === undefined) return undefined;
    const windows: SampleDelta[] = [];
    for (const window of open) {
      if (window.seen === 0) continue;
      const { version, fromMs, seen, skipped } = window;
      windows.push({ version, fromMs, toMs: fromMs + this.#windowMs, seen, skipped, rows: window.reservoir.take() });
      window.seen = 0;
      window.skipped = 0;
    }
    const nowMs = Date.now();
    const lasting = open.filter(({ fromMs }) => nowMs < fromMs + this.#windowMs);
    if (lasting.length === 0) this.#windows.delete(model);
    else this.#windows.set(model, lasting);
    this.#measure();
    if (windows.length === 0) return undefined;
    return { region, size, keptMs: this.#settings.keptSeconds * 1000, windows };
  }

  /** Bytes of the rows that wait for the next report, at most. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Rows are drawn ever more rarely, so this costs little; it is asked for at every request. */
  #measure(): void {
    let characters = 0;
    for (const windows of this.#windows.values()) {
      for (const { reservoir } of windows) {
        for (const { features, prediction } of reservoir.items()) characters += features.length + prediction.length;
      }
    }
    // V8 holds a text outside Latin-1 in two bytes a character.
    this.#heldBytes = 2 * characters;
  }

  get #windowMs(): number {
    return this.#settings.windowSeconds * 1000;
  }

  /** @returns null if too many versions are asked at once */
  #windowOf({ model, version }: Manifest, size: number, atMs: number): OpenWindow | null {
    const fromMs = atMs - (atMs % this.#windowMs);
    const open = this.#windows.get(model) ?? [];
    const known = open.find((window) => window.version === version && window.fromMs === fromMs);
    if (known !== undefined) return known;
    if (open.length >= mostWindows) {
      // A window that is over and still here could not be reported, because the object has been away for so long: it makes room.
      const over = open.findIndex((window) => window.fromMs < fromMs);
      if (over === -1) return null;
      open.splice(over, 1);
    }
    const window = { version, fromMs, seen: 0, skipped: 0, reservoir: new Reservoir<SampledRow>(size) };
    open.push(window);
    this.#windows.set(model, open);
    return window;
  }
}

function encodeItem(item: SampledItem | undefined): Omit<SampledRow, 'atMs'> | null {
  if (item === undefined) return null;
  const { features, prediction } = item.sample;
  const row = { features: JSON.stringify(features), prediction: JSON.stringify(prediction) };
  return row.features.length + row.prediction.length > mostCharacters ? null : row;
}

function encodeRow(
  row: RecordRow,
  given: readonly InputTensor[],
  outputs: readonly Tensor[],
): Omit<SampledRow, 'atMs'> | null {
  const inputs = given.filter((tensor): tensor is Tensor => !isPending(tensor));
  if (inputs.length < given.length) return null;
  if (row.leastCharacters(inputs, outputs) > mostCharacters) return null;
  try {
    const [features, prediction] = [row.inputs(inputs), row.outputs(outputs)];
    return features.length + prediction.length > mostCharacters ? null : { features, prediction };
  } catch {
    return null;
  }
}
