// Sends mutated requests to a PoP and judges every answer: nothing breaks, nothing hangs, and the next good request is answered.
import { errorMessageOf } from '../../../registry/error-answer.ts';
import { smallest } from '../../../registry/extremes.ts';
import { HttpSender, type ReceivedAnswer } from '../http-sender.ts';
import { Dice } from './dice.ts';
import { toWire, type WireRequest } from './fuzz-request.ts';
import { goodRequest, knownRequest } from './good-requests.ts';
import { mutate, mutateWire } from './mutate.ts';
import { unpacked } from './unpack.ts';

type Send = (wire: WireRequest) => Promise<ReceivedAnswer>;

export interface FuzzOptions {
  readonly url: URL;
  readonly seed: number;
  readonly requests: number;
  /** The first request's number: to look at one again. */
  readonly first?: number;
  readonly connections?: number;
  /** Asked before each request. */
  readonly goOn?: () => boolean;
  /** Called now and then. */
  readonly onProgress?: (sent: number, findings: number) => void;
}

export interface Finding {
  readonly index: number;
  readonly what: string;
  readonly request: string;
}

export interface FuzzReport {
  readonly sent: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
  /** Good requests in between, each answered with the right numbers. */
  readonly known: number;
  readonly slowestMs: number;
}

/** Longer is a hang, if it is so again when the request is sent alone: the machine may have been busy. */
const hangMs = 1000;
/** No answer within this is a finding as well. */
const longestMs = 30_000;
const knownEvery = 50;

export function requestNumber(seed: number, index: number): WireRequest {
  const dice = new Dice(seed, index);
  let request = goodRequest(dice);
  const changes = dice.chance(0.05) ? 0 : dice.chance(0.6) ? 1 : 2 + dice.below(3);
  for (let change = 0; change < changes; change++) request = mutate(request, dice);
  const wire = toWire(request);
  return changes === 0 ? wire : mutateWire(wire, dice);
}

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { url, seed, requests, first = 0, connections = 4 } = options;
  const byStatus: Record<string, number> = {};
  const findings: Finding[] = [];
  let next = first;
  let sent = 0;
  let known = 0;
  let slowestMs = 0;
  using sender = new HttpSender({ connections, longestMs });
  const send: Send = async (wire) => unpacked(await sender.send(Number(url.port), wire));

  const find = (index: number, what: string, wire: WireRequest) => {
    findings.push({ index, what, request: describe(wire) });
  };

  const work = async () => {
    while (next < first + requests && (options.goOn?.() ?? true)) {
      const index = next++;
      const wire = requestNumber(seed, index);
      try {
        const answer = await send(wire);
        byStatus[answer.status] = (byStatus[answer.status] ?? 0) + 1;
        slowestMs = Math.max(slowestMs, answer.tookMs);
        const fault = faultOf(answer) ?? (answer.tookMs > hangMs ? await hangs(send, wire) : null);
        if (fault !== null) find(index, fault, wire);
      } catch (error) {
        byStatus.none = (byStatus.none ?? 0) + 1;
        find(index, `no answer: ${String(error)}`, wire);
      }
      sent++;
      if (sent % knownEvery === 0) {
        const fault = await knownFault(send, sent % (2 * knownEvery) === 0).catch(String);
        if (fault === null) known++;
        else find(index, `a good request after it: ${fault}`, wire);
      }
      if (sent % 1000 === 0) options.onProgress?.(sent, findings.length);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  return { sent, byStatus, findings, known, slowestMs };
}

/** @returns null for an answer as it should be */
function faultOf({ status, headers, body }: ReceivedAnswer): string | null {
  if (status >= 200 && status < 400) return null;
  // HTTP/1.1 leaves a few refusals to the platform's own server: those have no JSON.
  const error = errorMessageOf(body);
  if (error === null) return `status ${status} without a message: ${body.toString().slice(0, 200)}`;
  if (status === 503 && headers['retry-after'] === undefined) return `503 without Retry-After: ${error}`;
  // Not supported, and saying so: what a server is to answer.
  if (status >= 500 && status !== 503 && status !== 501) return `status ${status}: ${error}`;
  return null;
}

async function hangs(send: Send, wire: WireRequest): Promise<string | null> {
  const again: number[] = [];
  for (let attempt = 0; attempt < 3; attempt++) again.push((await send(wire)).tookMs);
  const fastest = smallest(again);
  return fastest > hangMs ? `took ${Math.round(fastest)} ms` : null;
}

/** @returns null if the known request gets the known answer */
async function knownFault(send: Send, binary: boolean): Promise<string | null> {
  const { status, headers, body } = await send(toWire(knownRequest(binary)));
  if (status !== 200) return `status ${status}: ${body.toString().slice(0, 200)}`;
  const length = Number(headers['inference-header-content-length'] ?? body.length);
  const numbers = binary
    ? [...new Float32Array(Uint8Array.from(body.subarray(length)).buffer)]
    : (JSON.parse(body.toString()) as { outputs: { data: number[] }[] }).outputs[0]?.data;
  return String(numbers) === '11,12,13,14' ? null : `it got ${String(numbers)}`;
}

function describe({ method, path, headers, body }: WireRequest): string {
  const shown = body === null ? '' : ` ${JSON.stringify(body.subarray(0, 300).toString('latin1'))}`;
  return `${method} ${path.slice(0, 200)} ${JSON.stringify(headers).slice(0, 400)}${shown}`;
}
