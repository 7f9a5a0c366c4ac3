// Drives one isolate to the limits of its memory from many addresses at once, and reads what it takes: the WASM heap and, through
// the inspector, V8's heap with the buffers behind it.
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Statistics } from '../../../registry/api/statistics.ts';
import { mebibyte } from '../../../registry/mebibytes.ts';
import type { Pop } from '../../local-pop/pop.ts';
import { floats, model, node, tensorValue } from '../../onnx/build.ts';
import { writeModel } from '../../onnx/model-file.ts';
import { adder, type FuzzModel } from '../fuzz/fuzz-models.ts';
import { heldForRequests, isolateBytes, releaseModel } from '../fuzz/fuzz-pop.ts';

export interface MemorySample {
  /** V8's heap and the buffers behind it. */
  readonly jsBytes: number;
  /** The WASM memory. */
  readonly heapBytes: number;
}

export interface MemoryReport {
  /** The largest sum after a collection: what was really held. */
  readonly held: MemorySample;
  /** The largest sum with garbage in it. */
  readonly seen: MemorySample;
  readonly samples: number;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Small requests of another caller meanwhile, and how many of them were not answered with 200. */
  readonly victims: number;
  readonly victimsRefused: number;
}

const path = `/v2/models/${adder.name}/infer`;
const bodyBytes = 15 * mebibyte;
const atOnce = 4;
const longestReleaseMs = 30_000;
/** Weights that fill most of the heap: it holds the file and the weights. */
const weightBytes = 17 * mebibyte;

/** y = x + w, w large. */
const heavy: FuzzModel = {
  name: 'attack-heavy',
  bytes: writeModel(
    model({
      name: 'heavy',
      opsets: { '': 17 },
      inputs: [tensorValue('x', 1, ['batch', 1])],
      outputs: [tensorValue('y', 1, ['batch', 1])],
      nodes: [node('ReduceMax', ['w'], ['m'], { keepdims: { int: 0 } }), node('Add', ['x', 'm'], ['y'])],
      initializers: [floats('w', [weightBytes / 4], new Float32Array(weightBytes / 4))],
    }),
  ),
  signature: {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 1] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
  },
};

/**
 * First with a small heap, where requests may borrow most of the isolate, then with a full one, where they have their own room.
 * @param pop with the inspector open and the models of fuzzing
 * @param options.seconds how long it takes about; at least one wave each
 */
export async function attackMemory(pop: Pop, options: { readonly seconds: number }): Promise<MemoryReport> {
  const tally = new Tally();
  await waves(pop, options.seconds / 2, tally);
  await released(pop);
  await releaseModel(pop, heavy);
  const row = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1], data: [1] }] };
  const { status, text } = await ask(pop, `/v2/models/${heavy.name}/infer`, row);
  if (status !== 200) throw new Error(`the heavy model answered ${status}: ${text}`);
  await waves(pop, options.seconds / 2, tally);
  return tally.report();
}

/** Waits until nothing is held for connections that were closed: a load would be refused until then. */
async function released(pop: Pop): Promise<void> {
  const untilMs = performance.now() + longestReleaseMs;
  while ((await heldForRequests(pop)) > 0) {
    if (performance.now() > untilMs) throw new Error('the ledger still counts what closed connections held');
  }
}

class Tally {
  readonly byStatus: Record<string, number> = {};
  readonly held: MemorySample[] = [];
  readonly seen: MemorySample[] = [];
  victims = 0;
  victimsRefused = 0;

  report(): MemoryReport {
    const { byStatus, held, seen, victims, victimsRefused } = this;
    return { held: largestOf(held), seen: largestOf(seen), samples: held.length, byStatus, victims, victimsRefused };
  }
}

async function waves(pop: Pop, seconds: number, tally: Tally): Promise<void> {
  const untilMs = performance.now() + seconds * 1000;
  const small = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };
  do {
    const attackers = new Attackers(pop, tally.byStatus);
    try {
      attackers.begin();
      // The first look is taken while bodies arrive, the next ones while answers wait for their readers.
      for (let look = 0; look < 3; look++) {
        tally.seen.push(await sample(pop, false));
        tally.held.push(await sample(pop, true));
        tally.victims++;
        if ((await ask(pop, path, small)).status !== 200) tally.victimsRefused++;
      }
    } finally {
      attackers.end();
    }
  } while (performance.now() < untilMs);
}

export function totalOf({ jsBytes, heapBytes }: MemorySample): number {
  return jsBytes + heapBytes;
}

function largestOf(samples: readonly MemorySample[]): MemorySample {
  return samples.reduce((most, each) => (totalOf(each) > totalOf(most) ? each : most));
}

async function sample(pop: Pop, collect: boolean): Promise<MemorySample> {
  const jsBytes = await isolateBytes(pop, { collect });
  const answer = await fetch(new URL('/v2/models/stats', pop.url));
  const { popserve_memory: memory } = (await answer.json()) as Statistics;
  return { jsBytes, heapBytes: memory?.heap ?? 0 };
}

async function ask({ url }: Pop, at: string, body: object): Promise<{ status: number; text: string }> {
  const answer = await fetch(new URL(at, url), {
    method: 'POST',
    headers: { 'cf-connecting-ip': '198.51.100.1', connection: 'close' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, text: await answer.text() };
}

/** Connections of one wave, each from an address of its own. */
class Attackers {
  readonly #pop: Pop;
  readonly #byStatus: Record<string, number>;
  readonly #sockets: Socket[] = [];

  constructor(pop: Pop, byStatus: Record<string, number>) {
    this.#pop = pop;
    this.#byStatus = byStatus;
  }

  begin(): void {
    const whole = new Uint8Array(bodyBytes);
    const packed = gzipSync(sparse(bodyBytes));
    const json = Buffer.from(jsonOf(7 * mebibyte));
    const raw = 'inference-header-content-length: 0\r\ncontent-type: application/octet-stream\r\n';
    for (let each = 0; each < atOnce; each++) {
      // All but the last byte, which never comes.
      this.#send(raw, whole.length, whole.subarray(1));
      // Its answer is never read.
      this.#send(raw, whole.length, whole);
      this.#send(`${raw}content-encoding: gzip\r\n`, packed.length, packed);
      this.#send('content-type: application/json\r\n', json.length, json);
    }
  }

  end(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #send(headers: string, declaredBytes: number, body: Uint8Array): void {
    const socket = connect(Number(this.#pop.url.port), '127.0.0.1');
    const address = `192.0.2.${this.#sockets.length + 1}`;
    this.#sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', (head) => {
      const status = /^HTTP\/1.1 (\d+)/.exec(head.toString('latin1'))?.[1] ?? 'none';
      this.#byStatus[status] = (this.#byStatus[status] ?? 0) + 1;
      socket.pause();
    });
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncf-connecting-ip: ${address}\r\n${headers}content-length: ${declaredBytes}\r\n\r\n`,
    );
    socket.write(body);
  }
}

/** Compresses about fifty times, which is within the allowed ratio. */
function sparse(bytes: number): Uint8Array {
  const all = Buffer.alloc(bytes);
  for (let at = 0; at + 1024 <= bytes; at += 65_536) randomBytes(1024).copy(all, at);
  return all;
}

function jsonOf(bytes: number): string {
  const rows = Math.floor(bytes / 4);
  const data = Array.from({ length: rows }, () => '1,2').join(',');
  return `{"inputs":[{"name":"x","datatype":"FP32","shape":[${rows},2],"data":[${data}]}]}`;
}
