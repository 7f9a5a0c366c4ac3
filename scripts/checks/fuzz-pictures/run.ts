// Sends mutated pictures to a PoP and judges every answer: a picture's answer or a refusal that names the step, in time, and the next
// good picture is answered as before.
import { errorMessageOf } from '../../../registry/error-answer.ts';
import { smallest } from '../../../registry/extremes.ts';
import { Dice } from '../fuzz/dice.ts';
import { unpacked } from '../fuzz/unpack.ts';
import { HttpSender, type ReceivedAnswer } from '../http-sender.ts';
import { mutatePicture } from './mutate-picture.ts';
import { picturesModel } from './pictures-pop.ts';
import { seedPictures } from './seeds.ts';

export interface PictureFuzzOptions {
  readonly url: URL;
  readonly seed: number;
  readonly count: number;
  /** The number of the first picture. */
  readonly first?: number;
  readonly connections?: number;
  readonly goOn?: () => boolean;
  readonly onProgress?: (sent: number, findings: number) => void;
}

export interface PictureFinding {
  readonly index: number;
  readonly what: string;
}

export interface PictureFuzzReport {
  readonly sent: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly findings: readonly PictureFinding[];
  /** Good pictures in between, each answered as at the start. */
  readonly known: number;
  readonly slowestMs: number;
}

/** Longer is a finding if it is so again when the picture is sent alone: the machine may have been busy. */
export const hangMs = 2000;
const longestMs = 30_000;
const knownEvery = 50;
const batchShare = 0.1;
const path = `/v2/models/${picturesModel}/infer`;
const seeds = Object.values(seedPictures);

/** Picture number `index` of a seed: the same on every machine. */
export function pictureNumber(seed: number, index: number): Uint8Array {
  const dice = new Dice(seed, index);
  return mutatePicture(dice.from(seeds), seeds, dice);
}

export async function fuzzPictures(options: PictureFuzzOptions): Promise<PictureFuzzReport> {
  const { url, seed, count, first = 0, connections = 4 } = options;
  using sender = new HttpSender({ connections, longestMs });
  const send = async (body: Uint8Array | string, type: string): Promise<ReceivedAnswer> =>
    unpacked(await sender.send(Number(url.port), { method: 'POST', path, headers: { 'content-type': type }, body }));
  const raw = (file: Uint8Array) => send(file, 'image/png');
  const known = await knownAnswers(raw);
  const byStatus: Record<string, number> = {};
  const findings: PictureFinding[] = [];
  const state = { next: first, sent: 0, known: 0, slowestMs: 0 };

  const work = async () => {
    while (state.next < first + count && (options.goOn?.() ?? true)) {
      const index = state.next++;
      const file = pictureNumber(seed, index);
      const ask = () =>
        new Dice(~seed, index).chance(batchShare) ? send(inBatch(file), 'application/json') : raw(file);
      const found = await judge(ask, byStatus, state).catch((error: unknown) => `no answer: ${String(error)}`);
      if (found !== null) findings.push({ index, what: found });
      state.sent++;
      if (state.sent % knownEvery === 0) {
        const [good, expected] = known[(state.sent / knownEvery) % known.length] ?? [];
        const fault = good === undefined ? null : await differs(raw, good, expected ?? '').catch(String);
        if (fault === null) state.known++;
        else findings.push({ index, what: `a good picture after it: ${fault}` });
      }
      if (state.sent % 1000 === 0) options.onProgress?.(state.sent, findings.length);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  return { sent: state.sent, byStatus, findings, known: state.known, slowestMs: state.slowestMs };
}

type Raw = (file: Uint8Array) => Promise<ReceivedAnswer>;

/** @throws {Error} if a picture that was not changed is refused */
async function knownAnswers(raw: Raw): Promise<[Uint8Array, string][]> {
  const known: [Uint8Array, string][] = [];
  for (const [name, file] of Object.entries(seedPictures)) {
    const { status, body } = await raw(file);
    if (status !== 200) throw new Error(`${name}: ${status} ${body.toString()}`);
    known.push([file, body.toString()]);
  }
  return known;
}

async function differs(raw: Raw, file: Uint8Array, expected: string): Promise<string | null> {
  const { status, body } = await raw(file);
  return status === 200 && body.toString() === expected ? null : `status ${status}: ${body.toString().slice(0, 300)}`;
}

function inBatch(file: Uint8Array): string {
  const [good = new Uint8Array()] = seeds;
  return JSON.stringify({ inputs: [good, file].map((each) => Buffer.from(each).toString('base64')) });
}

async function judge(
  ask: () => Promise<ReceivedAnswer>,
  byStatus: Record<string, number>,
  state: { slowestMs: number },
): Promise<string | null> {
  const answer = await ask();
  byStatus[answer.status] = (byStatus[answer.status] ?? 0) + 1;
  state.slowestMs = Math.max(state.slowestMs, answer.tookMs);
  const fault = faultOf(answer);
  if (fault !== null || answer.tookMs <= hangMs) return fault;
  const again: number[] = [];
  for (let attempt = 0; attempt < 3; attempt++) again.push((await ask()).tookMs);
  const fastest = smallest(again);
  return fastest > hangMs ? `took ${Math.round(fastest)} ms` : null;
}

/** @returns null for an answer as it should be */
function faultOf({ status, headers, body }: ReceivedAnswer): string | null {
  if (status === 200) return isAnswer(body) ? null : `200 with ${body.toString().slice(0, 200)}`;
  const error = errorMessageOf(body);
  if (error === null) return `status ${status} without a message: ${body.toString().slice(0, 200)}`;
  if (status === 503) return headers['retry-after'] === undefined ? `503 without Retry-After: ${error}` : null;
  if (status >= 500) return `status ${status}: ${error}`;
  const isNamed = /(decode|inputs|layout|MAX_PIXELS)/.test(error);
  return isNamed ? null : `status ${status} does not name the step: ${error}`;
}

/** Labels with scores of 0 to 1, once or in a list. */
function isAnswer(body: Buffer): boolean {
  const parsed: unknown = JSON.parse(body.toString());
  const lists = Array.isArray(parsed) && Array.isArray(parsed[0]) ? parsed : [parsed];
  return lists.every(
    (list: unknown) =>
      Array.isArray(list) &&
      list.length === 3 &&
      list.every(({ score }: { score: unknown }) => typeof score === 'number' && score >= 0 && score <= 1.000001),
  );
}
