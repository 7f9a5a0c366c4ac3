import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeModel } from '../../../onnx/model-file.ts';
import { endlessModel, endlessSignature } from '../../endless-model.ts';
import { releaseModel } from '../../fuzz/fuzz-pop.ts';
import { HttpSender } from '../../http-sender.ts';
import { count, type Scenario } from '../kind.ts';
import { faultsOf } from '../measure.ts';
import { inferOf } from '../request-flood.ts';
import { newModel, startTarget, type Target } from '../target.ts';
import { latencyOf, Victim } from '../victim.ts';

/** So many isolates are lost to a version that never returns, and no more. */
const mostLost = 3;
/** A victim who is not answered within this has lost its isolate. */
const patienceMs = 3000;
const triesAfterwards = 60;

/**
 * The platform ends an isolate at its CPU limit; here the process is ended once the victim is not answered. Each of the trials costs
 * the isolate that makes it, so what is counted as an error is a fourth loss, and any wrong answer between them.
 */
export const endlessModelKind: Scenario = {
  name: 'endless-model',
  about: 'a model that never returns, put by the API and asked again and again',
  async run({ seconds }) {
    const directory = await mkdtemp(join(tmpdir(), 'popserve-attack-'));
    const errors: Record<string, number> = {};
    const got: Record<string, number> = {};
    let target = await start(directory);
    let lost = 0;
    try {
      const bytes = writeModel(endlessModel());
      await release(target.pop, bytes);
      for (;;) {
        if (!(await losesIsolate(target, got, errors))) break;
        lost++;
        if (lost > mostLost) {
          count(errors, `the isolate was lost to the version more than ${mostLost} times`);
          break;
        }
        const { victim } = target;
        await target.pop.stop();
        target = { ...(await start(directory)), victim };
      }
      using victim = new Victim(target);
      const during = lost > mostLost ? [] : await victim.ask(Math.max(1000, seconds * 250), errors);
      const told = {
        name: 'endless-model',
        quiet: null,
        during: latencyOf(during),
        victimErrors: errors,
        fired: Object.values(got).reduce((sum, times) => sum + times, 0),
        got: { ...got, 'isolates lost': lost },
        cpuMs: null,
        heldBytes: null,
        seenBytes: null,
      };
      return { ...told, faults: faultsOf(told) };
    } finally {
      await target.pop.stop();
      await rm(directory, { recursive: true, force: true });
    }
  },
};

function start(directory: string): Promise<Target> {
  return startTarget(directory, { TRIAL_SECONDS: '1', ROUTE_REFRESH_SECONDS: '0' });
}

/** The activation may already hang the isolate that makes it. */
async function release(pop: Target['pop'], bytes: Uint8Array): Promise<void> {
  const released = releaseModel(pop, { name: newModel, bytes, signature: endlessSignature }).catch(() => undefined);
  await Promise.race([released, delay(2 * patienceMs)]);
}

/** Asks for the version until the victim is not answered any more. @returns false if that never comes */
async function losesIsolate(
  target: Target,
  got: Record<string, number>,
  errors: Record<string, number>,
): Promise<boolean> {
  using victim = new Victim(target);
  using sender = new HttpSender({ connections: 1, longestMs: patienceMs });
  const operator = { authorization: `Bearer ${target.pop.token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] });
  for (let tries = 0; tries < triesAfterwards; tries++) {
    const asked = { method: 'POST', path: inferOf(newModel), headers: operator, body };
    const what = await sender.send(Number(target.pop.url.port), asked).then(
      ({ status }) => String(status),
      () => 'not answered',
    );
    count(got, what);
    const fault = await Promise.race([victim.once(), delay(patienceMs, 'lost' as const)]);
    if (fault === 'lost' || fault?.startsWith('no answer')) return true;
    if (fault !== null) count(errors, fault);
    await delay(100);
  }
  return false;
}
