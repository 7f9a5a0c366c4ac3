// Starts the inspection Worker in a workerd of its own and speaks to it. It runs the file under examination, so it can be killed at
// any time, and is when it does not answer in time.

import { randomUUID } from 'node:crypto';
import type { Miniflare } from 'miniflare';
import { defaultLimits } from '../../registry/default-limits.ts';
import { decodeFrame, encodeFrame, type RawTensor } from '../../worker/protocol/raw-frame.ts';
import { bundleWorker, type WorkerEntry } from '../build/bundle.ts';
import { blankedEnvironment } from '../build/child-environment.ts';
import { importMiniflare } from '../build/operator-tools.ts';
import { busiestMs, findProcess, type ThreadTimes, threadTimes } from './process-cpu.ts';

export interface InspectedValue {
  readonly name: string;
  readonly elementType: number;
  /** ONNX name of the element type: `float32`. */
  readonly type: string;
  /** OIP name, or null where OIP has none. */
  readonly datatype: string | null;
  /** A symbolic dimension is its name, '' without one. */
  readonly shape: readonly (number | string)[];
}

export interface HeapState {
  readonly bytes: number;
  readonly usedBytes: number;
  readonly limitBytes: number;
}

export interface InspectedSession {
  readonly id: string;
  readonly createMs: number;
  /** In use before the model came. */
  readonly emptyBytes: number;
  readonly heap: HeapState;
  readonly inputs: readonly InspectedValue[];
  readonly outputs: readonly InspectedValue[];
}

export interface InspectedRun {
  /** Empty if they were discarded. */
  readonly outputs: readonly RawTensor[];
  readonly outputBytes: number;
  /** Mean over `runs` runs, the first of which may be slower. */
  readonly runMs: number;
  readonly runs: number;
  /** Time on the processor of all runs and of the transfer, or null where the system does not tell. */
  readonly cpuMs: number | null;
  readonly heap: HeapState;
}

/** A runtime that the inspection Worker has: LiteRT only where it was started with both. */
export type EngineName = 'onnxruntime' | 'litert';

export type EngineLoadOptions = LoadOptions | LiteRtLoadOptions;

export interface LiteRtLoadOptions {
  readonly engine: 'litert';
  readonly fill?: boolean;
}

export interface LoadOptions {
  readonly engine?: 'onnxruntime';
  readonly format: 'ort' | 'onnx';
  readonly profile: 'fast' | 'lean';
  readonly optimization: 'disabled' | 'basic' | 'extended' | 'all';
  /** Takes what is free in the heap first, so that all that the model needs shows as growth. */
  readonly fill?: boolean;
}

/** Why the runtime in the isolate did not do as asked. */
export class InspectionError extends Error {
  override readonly name = 'InspectionError';
  readonly kind: 'refused' | 'out-of-memory' | 'broken' | 'request' | 'internal' | 'timeout';
  constructor(kind: InspectionError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

interface Running {
  readonly miniflare: Miniflare;
  readonly url: URL;
  /** Null where the system does not tell. */
  readonly pid: number | null;
}

export class Inspector {
  readonly #heapLimitMib: number;
  readonly #worker: WorkerEntry;
  #running: Promise<Running> | null = null;
  #closed = false;

  private constructor(heapLimitMib: number, worker: WorkerEntry) {
    this.#heapLimitMib = heapLimitMib;
    this.#worker = worker;
  }

  /**
   * @param options.heapLimitMib the linear memory grows no further, by default that of a PoP; what needs more is refused
   * @param options.bothEngines with LiteRT beside onnxruntime
   */
  static async start(options: { heapLimitMib?: number; bothEngines?: boolean } = {}): Promise<Inspector> {
    const worker = options.bothEngines ? 'engines-inspection-worker' : 'inspection-worker';
    const inspector = new Inspector(options.heapLimitMib ?? defaultLimits.memoryBudgetMib, worker);
    await inspector.#process();
    return inspector;
  }

  async load(model: Uint8Array, options: EngineLoadOptions, timeoutMs: number): Promise<InspectedSession> {
    const { engine = 'onnxruntime', fill = false } = options;
    const query = new URLSearchParams({ engine, fill: String(fill) });
    if (options.engine !== 'litert') {
      const { format, profile, optimization } = options;
      for (const [name, value] of Object.entries({ format, profile, optimization })) query.set(name, value);
    }
    const response = await this.#request('POST', `/sessions?${query}`, timeoutMs, model);
    return (await response.json()) as InspectedSession;
  }

  async run(
    session: string,
    inputs: readonly RawTensor[],
    options: {
      outputs?: readonly string[];
      repeat?: number;
      limitMs?: number;
      discard?: boolean;
      /** The process is killed once it has spent so much on the processor, or on the clock where the system does not tell. */
      cpuMs?: number;
      timeoutMs: number;
    },
  ): Promise<InspectedRun> {
    const query = new URLSearchParams({ repeat: String(options.repeat ?? 1) });
    if (options.limitMs !== undefined) query.set('limit_ms', String(options.limitMs));
    if (options.discard) query.set('discard', 'true');
    const body = encodeFrame({ tensors: inputs, extra: options.outputs ? { outputs: options.outputs } : {} });
    const { pid } = await this.#process();
    const before = pid === null ? null : await threadTimes(pid);
    const path = `/sessions/${session}/run?${query}`;
    const { cpuMs, timeoutMs } = options;
    const longest = pid === null && cpuMs !== undefined ? Math.min(timeoutMs, cpuMs + transferMs) : timeoutMs;
    using watch = new CpuWatch(pid, before, cpuMs);
    const response = await this.#request('POST', path, longest, body, watch.signal);
    const answer = new Uint8Array(await response.arrayBuffer());
    return {
      cpuMs: pid === null || before === null ? null : busiestMs(before, await threadTimes(pid)),
      outputs: options.discard ? [] : decodeFrame(answer).tensors,
      outputBytes: Number(response.headers.get('popserve-output-bytes')),
      runMs: Number(response.headers.get('popserve-run-ms')),
      runs: Number(response.headers.get('popserve-runs')),
      heap: JSON.parse(response.headers.get('popserve-heap') ?? '{}') as HeapState,
    };
  }

  async release(session: string): Promise<void> {
    await this.#request('DELETE', `/sessions/${session}`, 10_000);
  }

  /** The next load gets a fresh heap, with a limit of its own if one is given. */
  async dropHeap(limitMib?: number, engine: EngineName = 'onnxruntime'): Promise<void> {
    const query = new URLSearchParams({ engine, ...(limitMib === undefined ? {} : { limit_mib: String(limitMib) }) });
    await this.#request('DELETE', `/heap?${query}`, 10_000);
  }

  /** Starts the heap again in its own memory: all sessions are gone, its size stays. */
  async restartHeap(): Promise<HeapState> {
    return (await (await this.#request('POST', '/heap/restart', 10_000)).json()) as HeapState;
  }

  async heap(): Promise<HeapState> {
    return (await (await this.#request('GET', '/heap', 10_000)).json()) as HeapState;
  }

  /** Ends the process, whatever runs in it, with all sessions; the next request starts another. */
  async kill(): Promise<void> {
    const starting = this.#running;
    this.#running = null;
    // A start that fails has cleared up behind itself, and whoever asked for it hears of it.
    const running = await starting?.catch(() => null);
    await running?.miniflare.dispose();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.kill();
  }

  #process(): Promise<Running> {
    if (this.#closed) throw new InspectionError('internal', 'the inspector is closed');
    this.#running ??= startProcess(this.#heapLimitMib, this.#worker).catch((error: unknown) => {
      this.#running = null;
      throw error;
    });
    return this.#running;
  }

  /** @param spent aborts the request, and with it the process, with the error to fail with */
  async #request(
    method: string,
    path: string,
    timeoutMs: number,
    body?: Uint8Array,
    spent?: AbortSignal,
  ): Promise<Response> {
    const { url } = await this.#process();
    const timeout = AbortSignal.timeout(timeoutMs);
    let response: Response;
    try {
      response = await fetch(new URL(path, url), {
        method,
        signal: spent === undefined ? timeout : AbortSignal.any([timeout, spent]),
        ...(body ? { body: body as Uint8Array<ArrayBuffer> } : {}),
      });
    } catch (error) {
      // A run of a model cannot be interrupted in any other way.
      await this.kill();
      if (error instanceof InspectionError) throw error;
      if (error instanceof Error && error.name === 'TimeoutError') {
        throw new InspectionError('timeout', `no answer within ${timeoutMs / 1000} s`);
      }
      throw new InspectionError('broken', `the inspection process ended: ${String(error)}`);
    }
    if (response.ok) return response;
    const text = await response.text();
    let fault: { error: string; kind: InspectionError['kind'] };
    try {
      fault = JSON.parse(text);
    } catch {
      fault = { error: text.slice(0, 300), kind: 'internal' };
    }
    throw new InspectionError(fault.kind, fault.error);
  }
}

/** Ends a run that has taken its time on the processor, however little of the clock that was or however much. */
class CpuWatch implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout | null;

  constructor(pid: number | null, before: ThreadTimes | null, limitMs: number | undefined) {
    const isWatched = pid !== null && before !== null && limitMs !== undefined;
    this.#timer = isWatched ? setInterval(() => void this.#look(pid, before, limitMs), watchMs) : null;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  async #look(pid: number, before: ThreadTimes, limitMs: number): Promise<void> {
    const spentMs = busiestMs(before, await threadTimes(pid)) ?? 0;
    if (spentMs <= limitMs) return;
    this.#controller.abort(new InspectionError('timeout', `no answer within ${limitMs / 1000} s on the processor`));
  }
}

const watchMs = 100;
/** Time of a request to the inspection Worker beside the run, on the clock. */
const transferMs = 1000;

/** The variable that tells one inspection process from another. */
const markName = 'INSPECTION_MARK';

async function startProcess(heapLimitMib: number, worker: WorkerEntry): Promise<Running> {
  const bundle = await bundleWorker(worker);
  const mark = randomUUID();
  const { Miniflare } = await importMiniflare();
  const miniflare = new Miniflare({
    name: 'popserve-inspector',
    host: '127.0.0.1',
    port: 0,
    cf: false,
    modules: [...bundle.modules],
    modulesRoot: bundle.directory,
    compatibilityDate: '2026-07-30',
    bindings: { HEAP_LIMIT_MIB: String(heapLimitMib) },
    // ORT prints what it returns as an error anyway.
    handleStructuredLogs: () => {},
    // Miniflare does not say which process it started; this tells it from all others.
    unsafeRuntimeEnv: { ...blankedEnvironment(process.env), [markName]: mark },
  });
  try {
    const url = await miniflare.ready;
    return { miniflare, url, pid: await findProcess(`${markName}=${mark}`) };
  } catch (error) {
    // A Miniflare that did not start still listens on a port, which would keep the process from ending. Its dispose fails with the
    // same error again.
    await miniflare.dispose().catch(() => {});
    throw error;
  }
}
