// The calls that the Workers with several engines answer.
import { decodeFrame } from '../../../worker/protocol/raw-frame.ts';
import { httpRequest } from '../bench/http-connection.ts';
import type { MeasuredWorker } from '../bench/measured-worker.ts';
import { sendOnce } from '../bench/requests.ts';

/** `thin`: LiteRT.js below its own JavaScript; `fast`, `lean`: popserve's session layer with its two profiles. */
export const engines = ['stock', 'litert', 'thin', 'fast', 'lean'] as const;

export type EngineName = (typeof engines)[number];

export async function answer(running: MeasuredWorker, engine: EngineName, frame: Uint8Array) {
  return decodeFrame(new Uint8Array(await call(running, '/answer', engine, frame))).tensors;
}

/**
 * On a connection of its own: workerd closes one that is kept while the isolate computes for seconds.
 * @throws Error with what the Worker answered instead
 */
export async function call(
  { port }: MeasuredWorker,
  path: string,
  engine: EngineName,
  content: Uint8Array,
  repeat = 1,
): Promise<Buffer> {
  const target = `${path}?${new URLSearchParams({ engine, repeat: String(repeat) })}`;
  const { status, body } = await sendOnce(port, httpRequest('POST', target, {}, content));
  if (status === 200) return body;
  throw new Error(`${engine}, ${path}: ${status} ${String(body).slice(0, 300)}`);
}
