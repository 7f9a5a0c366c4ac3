// The Durable Object of a model as tests speak to it: by reports as any PoP could send them.

import type { Serving, TelemetryStatus } from '../../../registry/api/status.ts';
import type { IsolateReport } from '../../../worker/telemetry/report.ts';
import type { TestPop } from '../../harness/pop.ts';

/** The calls of ModelTelemetry. */
interface Remote {
  report(model: string, report: IsolateReport): Promise<void>;
  status(route: null): Promise<TelemetryStatus>;
}

/** Kept: each step on the way to an object is a slow call into miniflare. */
const objects = new WeakMap<TestPop, Map<string, Promise<Remote>>>();

function objectOf(pop: TestPop, model: string): Promise<Remote> {
  const ofPop = objects.get(pop) ?? new Map<string, Promise<Remote>>();
  objects.set(pop, ofPop);
  const object = ofPop.get(model) ?? findObject(pop, model);
  ofPop.set(model, object);
  return object;
}

async function findObject(pop: TestPop, model: string): Promise<Remote> {
  const namespace = await pop.pop.miniflare.getDurableObjectNamespace('TELEMETRY');
  return namespace.get(namespace.idFromName(model)) as unknown as Remote;
}

export async function sendReport(pop: TestPop, model: string, report: IsolateReport): Promise<void> {
  await (await objectOf(pop, model)).report(model, report);
}

export async function statusOf(pop: TestPop, model: string): Promise<TelemetryStatus> {
  return (await objectOf(pop, model)).status(null);
}

export function servingOf(epoch: number, stable = '1'): Serving {
  return { epoch, stable, canary: null, held: null, ahead: null };
}

export interface Told {
  isolate: string;
  sequence: number;
  pop: string;
  requests?: number;
  failures?: number;
  version?: string;
  epoch?: number;
}

/** A report of requests to one version, by the default route. */
export function reportOf(told: Told): IsolateReport {
  const { isolate, sequence, pop, requests = 0, failures = 0, version = '1', epoch = 1 } = told;
  const delta = {
    ...{ version, epoch, requests, inferences: requests - failures },
    failures: failures === 0 ? {} : { INTERNAL: failures },
    ...{
      routedRequests: requests,
      routedFailures: failures,
      loadFailures: 0,
      litertRuns: 0,
      litertFailures: 0,
      lastInferenceMs: 1,
    },
  };
  return { isolate, sequence, pop, serving: servingOf(epoch), parts: requests === 0 ? {} : { counts: [delta] } };
}
