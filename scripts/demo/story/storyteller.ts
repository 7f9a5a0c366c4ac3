// Tells the story from the first training to the last release, on a stage. It only does and writes down; what must have come of it
// is in claims.ts.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ModelDrift } from '../../../registry/api/drift.ts';
import type { FeedbackStatus } from '../../../registry/api/feedback.ts';
import type { ModelShadow, ShadowReport } from '../../../registry/api/shadow.ts';
import type { ModelStatus } from '../../../registry/api/status.ts';
import type { Evaluation as GateEvaluation } from '../../../registry/evaluation.ts';
import type { Manifest } from '../../../registry/manifest.ts';
import type { RouteChange } from '../../cli/registry-client.ts';
import type { Received } from '../../local-pop/webhook-receiver.ts';
import { demoModel } from '../demo-model.ts';
import type { Evaluation } from '../evaluation.ts';
import type { FleetRecord } from '../fleet-data.ts';
import { csvOf, drawPool, type Purpose, ReadingStream } from '../readings.ts';
import { evaluateRows, summarizeCanary } from './canary.ts';
import type { Answered, Devices } from './devices.ts';
import { DriftLog } from './drift-log.ts';
import type { Ran } from './operator.ts';
import { changed, changing, type Region, regions, type StoryPlan, usual } from './plan.ts';
import type { Stage } from './stage.ts';
import type { Propagation, Refused, Released, Story } from './story.ts';
import { type TrainedModel, train } from './train.ts';

const model = demoModel.name;

/** For what a busy machine needs a second for. */
const patienceMs = 60_000;
const lookEveryMs = 250;

/** Tells the audience what goes on. */
export interface Narrator {
  chapter(title: string): void;
  /** One line of what was found. */
  fact(text: string): void;
  /** What takes its time from now on. */
  doing(text: string): void;
}

/**
 * @param folder where models and data are kept
 * @throws Error when the story does not go on: a command fails, or what is waited for does not come
 */
export async function tellStory(stage: Stage, plan: StoryPlan, folder: string, narrator: Narrator): Promise<Story> {
  return await new Storyteller(stage, plan, folder, narrator).tell();
}

class Storyteller {
  readonly #stage: Stage;
  readonly #plan: StoryPlan;
  readonly #folder: string;
  readonly #narrator: Narrator;
  readonly #drift: DriftLog;
  readonly #marks: { atMs: number; text: string }[] = [];
  readonly #propagation: Propagation[] = [];

  constructor(stage: Stage, plan: StoryPlan, folder: string, narrator: Narrator) {
    this.#stage = stage;
    this.#plan = plan;
    this.#folder = folder;
    this.#narrator = narrator;
    this.#drift = new DriftLog(() => stage.operator.do<ModelDrift>('drift', model));
  }

  async tell(): Promise<Story> {
    const startedMs = Date.now();
    const training = this.#pool('training', this.#plan.trainingRows);
    const first = await this.#releaseFirst(training);
    const stops = this.#stage.devices.map((devices) => devices.start());
    try {
      await this.#watchArrival('version 1', 1);
      await this.#waitForQuiet();
      const { changedMs, requested, settings } = await this.#changeRegion();
      const before = await this.#askHeldOut('1');
      const { refused, second } = await this.#retrain(training);
      const epoch = await this.#rollOut();
      const feedback = await this.#learnTruth();
      const promoted = await this.#promote();
      const resolved = await this.#waitFor('drift.resolved', () => this.#received('drift.resolved'));
      this.#mark('drift.resolved', resolved.body.timestamp);
      const after = await this.#askHeldOut('2');
      await Promise.all(stops.map((stop) => stop()));
      const shadow = await this.#shadow();
      if (shadow === null) throw new Error('expected numbers of version 2 in the shadow of version 1, got none');
      const answers = this.#answers();
      const sent = (isChanged: boolean) =>
        answers
          .filter((answer) => answer.pop === changing.pop && answer.isChanged === isChanged)
          .flatMap(({ rows }) => rows);
      const readings = { before: sent(false), after: sent(true) };
      return {
        ...{ plan: this.#plan, startedMs, endedMs: Date.now(), first, refused, second, settings, changedMs },
        ...{ windows: this.#drift.windows('1'), drifted: this.#drift.drifted('1'), marks: this.#marks },
        ...{ requested, resolved, readings, propagation: this.#propagation },
        canary: summarizeCanary(
          answers.filter((answer) => answer.epoch >= epoch && answer.epoch < promoted),
          5,
          feedback,
        ),
        shadow,
        heldOut: regions.map((region, index) => ({
          region,
          before: { version: '1', evaluation: before[index] as Evaluation },
          after: { version: '2', evaluation: after[index] as Evaluation },
        })),
        answers,
        failures: this.#stage.devices.flatMap(({ failures }) => failures),
      };
    } finally {
      await Promise.all(stops.map((stop) => stop()));
    }
  }

  async #releaseFirst(training: readonly FleetRecord[]): Promise<Released> {
    const { trainingRows, testRows, machines } = this.#plan;
    this.#narrator.chapter('Version 1 is trained on the fleet as it is, judged by the gate and released');
    await writeFile(this.#file('training.csv'), csvOf(training));
    await writeFile(this.#file('test.csv'), csvOf(this.#pool('test', testRows)));
    this.#narrator.fact(
      `${count(trainingRows)} readings to learn from, ${count(testRows)} to judge by, ${count(machines)} machines each`,
    );
    const trained = await this.#train(training, 'version-1.onnx');
    const evaluation = await this.#publish('version-1.onnx', '1', 'training.csv', ['--activate']);
    this.#narrator.fact(`the gate: ${figures(evaluation)}; as required, released`);
    this.#mark('version 1 released');
    return { version: '1', trained, evaluation };
  }

  async #waitForQuiet(): Promise<void> {
    const { quietWindows } = this.#plan;
    this.#narrator.chapter('Devices send readings through three PoPs');
    await this.#waitFor(`${quietWindows} judged windows at every place`, () => {
      const places = placesOf(regions);
      const windows = this.#drift.windows('1');
      return places.every((place) => windows.filter((window) => window.place === place).length >= quietWindows) || null;
    });
    const past = this.#drift.windows('1').filter((window) => window.past.length > 0);
    this.#narrator.fact(
      `${count(this.#answers().length)} requests answered; ${past.length} of ${this.#drift.windows('1').length} windows past a threshold`,
    );
  }

  async #changeRegion() {
    const { city, pop } = changing;
    this.#narrator.chapter(`In ${city} the weather turns cold, and other machines go to work`);
    const stream = new ReadingStream((index) => this.#pool('live-changed', this.#plan.trainingRows, index));
    this.#changing.change(stream);
    const changedMs = Date.now();
    this.#mark(`readings change in ${city}`);
    const requested = await this.#waitFor('the event retrain.requested', () => this.#received('retrain.requested'));
    this.#mark('retrain.requested', requested.body.timestamp);
    const { settings } = await this.#drift.look();
    await this.#waitFor(`drift at pop:${pop}`, () => this.#drift.drifted('1').includes(`pop:${pop}`) || null);
    this.#narrator.fact(
      `retrain.requested after ${seconds(Date.parse(requested.body.timestamp) - changedMs)}, signature ${requested.signed ? 'valid' : 'WRONG'}: ${(requested.body.data.features as string[]).join(', ')}`,
    );
    this.#narrator.fact(`drifting: ${this.#drift.drifted('1').join(', ')}`);
    return { changedMs, requested, settings };
  }

  async #retrain(training: readonly FleetRecord[]): Promise<{ refused: Refused; second: Released }> {
    const { learnedRows } = this.#plan;
    this.#narrator.chapter(
      `Version 2 is trained with ${count(learnedRows)} of the new readings and judged against version 1`,
    );
    const learned = await this.#waitFor(`${learnedRows} readings of the changed region`, () => {
      const readings = this.#changing.changedReadings;
      return readings.length >= learnedRows ? readings.slice(0, learnedRows) : null;
    });
    const both = [...training, ...learned];
    await writeFile(this.#file('training-2.csv'), csvOf(both));
    await writeFile(this.#file('training-new.csv'), csvOf(learned));
    const hasty = await this.#train(learned, 'only-new.onnx');
    const limits = ['--max-regression', 'roc_auc=0.01', '--max-regression', 'f1=0.03'];
    const attempt = await this.#try('only-new.onnx', '2', 'training-new.csv', limits);
    const { failures = [], evaluation: refusal } = attempt.value as {
      failures?: string[];
      evaluation?: GateEvaluation;
    };
    if (attempt.status === 0 || refusal === undefined) {
      throw new Error('expected the gate to refuse a model that only knows the new readings; it let it pass');
    }
    this.#narrator.fact(`trained on the new readings alone, it is refused: ${failures.join('; ')}`);
    const trained = await this.#train(both, 'version-2.onnx');
    const evaluation = await this.#publish('version-2.onnx', '2', 'training-2.csv', limits);
    this.#narrator.fact(`trained on both, it passes: ${figures(evaluation)}`);
    this.#mark('version 2 passes the gate');
    return {
      refused: { trained: hasty, failures, evaluation: refusal },
      second: { version: '2', trained, evaluation },
    };
  }

  /** @returns the epoch from which on there is a canary */
  async #rollOut(): Promise<number> {
    const { canaryRequests, shadowRequests } = this.#plan;
    this.#narrator.chapter('Version 2 goes to 5 % of the devices and runs along in the shadow of version 1');
    const { route } = await this.#stage.operator.do<RouteChange>(
      'canary',
      model,
      '2',
      '--percent',
      '5',
      '--max-error-share',
      '0.01',
      '--max-accuracy-drop',
      '0.02',
    );
    for (const devices of this.#stage.devices) devices.lookAt();
    this.#mark('canary at 5 %');
    await this.#watchArrival('canary at 5 %', route.epoch);
    await this.#stage.operator.do<RouteChange>('shadow', model, '2', '--percent', '50');
    const answered = await this.#waitFor(`${canaryRequests} requests to the canary, some in each region`, () => {
      const own = this.#answers().filter(({ version }) => version === '2');
      return own.length >= canaryRequests && regions.every(({ pop }) => own.some((answer) => answer.pop === pop))
        ? own
        : null;
    });
    const shadow = await this.#waitFor(`${shadowRequests} answers compared in shadow`, async () => {
      const pair = await this.#shadow();
      return pair !== null && pair.compared >= shadowRequests ? pair : null;
    });
    this.#narrator.fact(
      `${answered.length} requests to version 2 from ${new Set(answered.map(({ device }) => device)).size} devices`,
    );
    this.#narrator.fact(
      `shadow: ${count(shadow.compared)} answers compared, ${percent(shadow.disagreementShare ?? 0)} decide otherwise, ${shadow.errors} errors`,
    );
    return route.epoch;
  }

  /** What the PoPs make of all truths that were told while the canary ran. */
  async #learnTruth(): Promise<FeedbackStatus> {
    await Promise.all(this.#stage.devices.map((devices) => devices.lookAway()));
    const told = this.#stage.devices.reduce((sum, { toldRecords }) => sum + toldRecords, 0);
    const feedback = await this.#waitFor(`the truth about ${told} answered readings`, async () => {
      const { feedback: status } = await this.#stage.operator.do<ModelStatus>('status', model);
      const counted = status?.totals.reduce((sum, { records }) => sum + records, 0) ?? 0;
      return status !== undefined && counted >= told ? status : null;
    });
    const sides = feedback.recent.filter(({ place }) => place === 'global');
    const rights = sides.map(
      ({ version, records, accuracy }) => `version ${version} ${percent(accuracy ?? 0)} of ${count(records)}`,
    );
    this.#narrator.fact(
      `the maintenance tells what was true of ${count(told)} readings, right were: ${rights.join(', ')}`,
    );
    return feedback;
  }

  async #shadow(): Promise<ShadowReport | null> {
    const { pairs } = await this.#stage.operator.do<ModelShadow>('shadow', model, '--report');
    return pairs.find(({ candidate }) => candidate === '2') ?? null;
  }

  async #promote(): Promise<number> {
    this.#narrator.chapter('Version 2 is promoted');
    const { route } = await this.#stage.operator.do<RouteChange>(
      'promote',
      model,
      '--reason',
      `trained with the new readings of ${changing.city}`,
    );
    this.#mark('version 2 promoted');
    await this.#watchArrival('version 2', route.epoch);
    return route.epoch;
  }

  /** Waits until every PoP serves from this epoch, and keeps how long it took. */
  async #watchArrival(what: string, epoch: number): Promise<void> {
    const { release } = await this.#waitFor(`epoch ${epoch} at every PoP`, async () => {
      const status = await this.#stage.operator.do<ModelStatus>('status', model);
      return status.release?.epoch === epoch && status.release.reachedPops >= regions.length ? status : null;
    });
    const answeredMs = await this.#waitFor(`an answer from epoch ${epoch} at every PoP`, () => {
      const firsts = regions.map(({ pop }) => {
        const answer = this.#answers().find((each) => each.pop === pop && each.epoch >= epoch);
        return [pop, answer === undefined ? null : answer.atMs - (release?.releasedAtMs ?? 0)] as const;
      });
      return firsts.every(([, ms]) => ms !== null) ? (Object.fromEntries(firsts) as Record<string, number>) : null;
    });
    const reachedMs = [release?.reach50Ms ?? null, release?.reach90Ms ?? null, release?.reach100Ms ?? null] as const;
    this.#propagation.push({ what, epoch, reachedMs, answeredMs });
    const [half = '', most = '', all = ''] = reachedMs.map(seconds);
    this.#narrator.fact(`${what}: at 50 % of the PoPs after ${half}, 90 % after ${most}, 100 % after ${all}`);
  }

  /** Asks each region's PoP by the default route, as its devices do. */
  async #askHeldOut(version: string): Promise<Evaluation[]> {
    const evaluations = await Promise.all(
      this.#stage.devices.map(async (devices, index) => {
        const purpose = devices.region === changing ? 'held-out-changed' : 'held-out';
        const rows = this.#pool(purpose, this.#plan.heldOutRows, index);
        const { versions, probabilities } = await devices.ask(rows);
        if ([...versions].join() !== version) {
          throw new Error(
            `expected version ${version} to answer at ${devices.region.pop}, got ${[...versions].join(', ')}`,
          );
        }
        return evaluateRows(probabilities, rows);
      }),
    );
    const told = evaluations.map(
      ({ accuracy, f1 }, index) => `${regions[index]?.city} F1 ${f1.toFixed(2)}, accuracy ${percent(accuracy)}`,
    );
    this.#narrator.fact(`held-out readings, answered by version ${version}: ${told.join('; ')}`);
    return evaluations;
  }

  #train(rows: readonly FleetRecord[], name: string): Promise<TrainedModel> {
    this.#narrator.doing(`training boosted trees on ${count(rows.length)} readings`);
    return train(rows, this.#file(name), `${demoModel.description} Trained on ${rows.length} readings.`);
  }

  /** Judged on the same test data each time; whatever comes of it. */
  #try(file: string, version: string, reference: string, more: readonly string[]): Promise<Ran> {
    const data = ['--test-data', this.#file('test.csv'), '--label', 'failure', '--reference', this.#file(reference)];
    // Decided rather than measured, which would take longer and depend on the machine.
    const limits = ['--max-dim', '4096', '--probe-limit', '0'];
    const required = ['--require', 'roc_auc>=0.9', '--require', 'f1>=0.5'];
    const names = ['--name', model, '--version', version];
    const words = [...names, ...data, ...limits, ...required, ...more];
    this.#narrator.doing(`publishing version ${version}`);
    // biome-ignore lint/plugin: the words of a command line
    return this.#stage.operator.try('publish', this.#file(file), ...words);
  }

  async #publish(
    file: string,
    version: string,
    reference: string,
    more: readonly string[] = [],
  ): Promise<GateEvaluation> {
    const { status, value } = await this.#try(file, version, reference, more);
    const { manifest, error } = value as { manifest?: Manifest; error?: string };
    if (status !== 0) throw new Error(`version ${version} was to be released: ${error}`);
    if (manifest?.evaluation === undefined)
      throw new Error(`expected an evaluation in the manifest of version ${version}`);
    return manifest.evaluation;
  }

  #pool(purpose: Purpose, rows: number, index = 0): FleetRecord[] {
    const { seed, machines } = this.#plan;
    const conditions = purpose.endsWith('-changed') ? changed : usual;
    return drawPool({ seed, purpose, index, machines, rows, conditions });
  }

  #received(type: string): Received | null {
    return this.#stage.receiver.received.find(({ body }) => body.type === type) ?? null;
  }

  #answers(): Answered[] {
    return this.#stage.devices.flatMap(({ answers }) => answers).sort((a, b) => a.atMs - b.atMs);
  }

  get #changing(): Devices {
    const devices = this.#stage.devices.find(({ region }) => region === changing);
    if (devices === undefined) throw new Error(`expected devices in ${changing.city}`);
    return devices;
  }

  #mark(text: string, at?: string): void {
    this.#marks.push({ atMs: at === undefined ? Date.now() : Date.parse(at), text });
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }

  /** @throws Error when it does not come within a minute */
  async #waitFor<T>(what: string, check: () => Promise<T | null> | T | null): Promise<T> {
    const untilMs = Date.now() + patienceMs;
    this.#narrator.doing(`waiting for ${what}`);
    for (;;) {
      await this.#drift.look();
      const found = await check();
      if (found !== null) return found;
      if (Date.now() > untilMs) throw new Error(`waited ${patienceMs / 1000} s for ${what}, and it did not come`);
      await delay(lookEveryMs);
    }
  }
}

function placesOf(list: readonly Region[]): string[] {
  return [...list.flatMap(({ pop, region }) => [`pop:${pop}`, `region:${region}`]), 'global'];
}

function figures({ metrics }: GateEvaluation): string {
  return `ROC AUC ${metrics.roc_auc?.toFixed(3)}, F1 ${metrics.f1?.toFixed(3)}, accuracy ${percent(metrics.accuracy ?? Number.NaN)}`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function seconds(ms: number | null): string {
  return ms === null ? 'not yet' : `${(ms / 1000).toFixed(1)} s`;
}
