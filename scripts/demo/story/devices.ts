// The devices of a region: each sends what it has read to its PoP, under its own key, and learns later what truly happened.
import { setTimeout as delay } from 'node:timers/promises';
import { FeedbackClient, type Truth } from '../../../client/feedback/feedback-client.ts';
import { demoModel } from '../demo-model.ts';
import type { FleetRecord } from '../fleet-data.ts';
import { instancesOf, type ReadingStream } from '../readings.ts';
import type { Region, StoryPlan } from './plan.ts';

/** One request that was answered. */
export interface Answered {
  readonly atMs: number;
  readonly pop: string;
  readonly device: string;
  readonly version: string;
  readonly epoch: number;
  readonly rows: readonly FleetRecord[];
  /** Probability of failure, row by row. */
  readonly probabilities: readonly number[];
  readonly isChanged: boolean;
}

interface Prediction {
  readonly probabilities: Readonly<Record<string, number>>;
}

/** Requests that a region has under way at most. */
const lanes = 2;
/** Answers whose truth is told in one call. */
const toldAtOnce = 10;

export class Devices {
  readonly region: Region;
  /** All that was answered so far. */
  readonly answers: Answered[] = [];
  /** Readings since the change, in their order. */
  readonly changedReadings: FleetRecord[] = [];
  /** Requests without an answer, by what was said. */
  readonly failures: string[] = [];
  readonly #clients: { readonly key: string; readonly client: FeedbackClient }[];
  readonly #plan: StoryPlan;
  #stream: ReadingStream;
  #isChanged = false;
  /** Whether the maintenance looks at the machines, and what it has found and not told yet. */
  #isLookedAt = false;
  readonly #truths: Truth[] = [];
  /** Records whose truth was told. */
  toldRecords = 0;
  #sent = 0;

  constructor(region: Region, url: URL, plan: StoryPlan, stream: ReadingStream) {
    this.region = region;
    this.#plan = plan;
    this.#stream = stream;
    this.#clients = Array.from({ length: plan.devicesPerRegion }, (_, index) => {
      const key = `${region.pop.toLowerCase()}-${String(index + 1).padStart(3, '0')}`;
      return { key, client: new FeedbackClient(url, { deviceKey: key }) };
    });
  }

  /** From now on other machines in another climate are read. */
  change(stream: ReadingStream): void {
    this.#stream = stream;
    this.#isChanged = true;
  }

  /** From now on the truth about each answer is told a little later. */
  lookAt(): void {
    this.#isLookedAt = true;
  }

  /** Tells what is left to tell, and looks no more. */
  async lookAway(): Promise<void> {
    this.#isLookedAt = false;
    await this.#tell();
  }

  /** @returns a function that ends it and waits for what is under way */
  start(): () => Promise<void> {
    let stopped = false;
    const lane = async () => {
      while (!stopped) {
        const due = performance.now() + this.#plan.pauseMs;
        await this.#send();
        await delay(Math.max(0, due - performance.now()));
      }
    };
    const running = Promise.all(Array.from({ length: lanes }, lane));
    return async () => {
      stopped = true;
      await running;
    };
  }

  /** The answers of this region's PoP to readings that are kept aside. */
  async ask(rows: readonly FleetRecord[]): Promise<{ versions: Set<string>; probabilities: number[] }> {
    const versions = new Set<string>();
    const probabilities: number[] = [];
    for (let from = 0; from < rows.length; from += 200) {
      const { client } = this.#next();
      const answer = await client.predict<Prediction>(demoModel.name, instancesOf(rows.slice(from, from + 200)));
      versions.add(answer.version);
      for (const prediction of answer.predictions) probabilities.push(ofFailure(prediction));
    }
    return { versions, probabilities };
  }

  async #send(): Promise<void> {
    const rows = this.#stream.next(this.#plan.rowsPerRequest);
    const isChanged = this.#isChanged;
    if (isChanged) for (const row of rows) this.changedReadings.push(row);
    const { key, client } = this.#next();
    try {
      const answer = await client.predict<Prediction>(demoModel.name, instancesOf(rows));
      const { version, epoch, pop, predictions, answerId } = answer;
      this.answers.push({
        ...{ atMs: Date.now(), pop: pop ?? '', device: key, version, epoch, rows, isChanged },
        probabilities: predictions.map(ofFailure),
      });
      if (this.#isLookedAt && answerId !== null) {
        this.#truths.push({ id: answerId, truth: rows.map(({ failure }) => Number(failure)) });
        if (this.#truths.length >= toldAtOnce) await this.#tell();
      }
    } catch (error) {
      this.failures.push(String(error));
    }
  }

  async #tell(): Promise<void> {
    const truths = this.#truths.splice(0);
    if (truths.length === 0) return;
    const { refused } = await this.#next().client.tell(demoModel.name, truths);
    if (refused.length > 0) throw new Error(`the truth of ${refused.length} answers was refused: ${refused[0]?.error}`);
    this.toldRecords += truths.length * this.#plan.rowsPerRequest;
  }

  #next() {
    const next = this.#clients[this.#sent++ % this.#clients.length];
    if (next === undefined) throw new RangeError('expected at least one device');
    return next;
  }
}

function ofFailure({ probabilities }: Prediction): number {
  return probabilities['1'] ?? Number.NaN;
}
