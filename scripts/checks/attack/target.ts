// What is attacked: a local PoP with keys and the limits of a deployment, a victim's model, and models of the attacker's own.
import { randomUUID } from 'node:crypto';
import type { CreatedKey } from '../../../registry/api/keys.ts';
import type { KeyRequest } from '../../../registry/api-key.ts';
import { findProcess } from '../../inspect/process-cpu.ts';
import { type Pop, popMarkName, startPop } from '../../local-pop/pop.ts';
import { releaseModel } from '../fuzz/fuzz-pop.ts';
import { HttpSender, type ReceivedAnswer, type SentRequest } from '../http-sender.ts';
import { attackedModels, victimModel } from './models.ts';

export interface Target {
  readonly pop: Pop;
  /** The process of workerd; null where the system does not tell. */
  readonly pid: number | null;
  readonly victim: Identity;
}

/** A caller: its key and the address that it comes from. */
export interface Identity {
  readonly key: string;
  readonly address: string;
}

/** Those of wrangler.toml. */
const rateLimits = { KEY_LIMIT: { limit: 6000, period: 60 }, ADDRESS_LIMIT: { limit: 600, period: 60 } } as const;
/** A name that only the attacker's manifests use. */
export const newModel = 'attack-new';

/** @param directory where the PoP keeps its state; null: in memory */
export async function startTarget(
  directory: string | null = null,
  settings: Readonly<Record<string, string>> = {},
): Promise<Target> {
  const mark = randomUUID();
  const pop = await startPop({
    ...{ directory, port: 0, inspect: true, mark, rateLimits },
    settings: { INFERENCE_ACCESS: 'keyed', ...settings },
  });
  try {
    await releaseModel(pop, victimModel);
    const key = await createKey(pop, { name: 'victim', scopes: ['infer'], models: [victimModel.name] });
    const pid = await findProcess(`${popMarkName}=${mark}`);
    return { pop, pid, victim: { key, address: '198.51.100.1' } };
  } catch (error) {
    await pop.stop();
    throw error;
  }
}

let attackers = 0;

/** A caller who may infer with and release models of its own only; another one each time, so that no limit of before holds it back. */
export async function newAttacker({ pop }: Target): Promise<Identity> {
  const models = [...attackedModels.map(({ name }) => name), newModel];
  const key = await createKey(pop, { name: 'attacker', scopes: ['infer', 'release'], models });
  attackers++;
  return { key, address: `192.0.2.${1 + (attackers % 250)}` };
}

/** Releases the models that an attack needs, those that are there already again without effect. */
export async function releaseAttacked({ pop }: Target): Promise<void> {
  for (const model of attackedModels) await releaseModel(pop, model);
}

async function createKey(pop: Pop, request: Pick<KeyRequest, 'name' | 'scopes' | 'models'>): Promise<string> {
  using sender = new HttpSender({ connections: 1, longestMs: 30_000 });
  const operator = { authorization: `Bearer ${pop.token}`, 'content-type': 'application/json' };
  const wanted = { method: 'POST', path: '/registry/keys', headers: operator, body: JSON.stringify(request) };
  const { status, body } = await sender.send(Number(pop.url.port), wanted);
  if (status !== 201) throw new Error(`POST /registry/keys: ${status} ${body.toString()}`);
  return (JSON.parse(body.toString()) as CreatedKey).token;
}

/** Sends as one caller. */
export async function sendAs(
  sender: HttpSender,
  { pop }: Target,
  { key, address }: Identity,
  wanted: SentRequest,
): Promise<ReceivedAnswer> {
  const headers = { authorization: `Bearer ${key}`, 'cf-connecting-ip': address, ...wanted.headers };
  return await sender.send(Number(pop.url.port), { ...wanted, headers });
}
