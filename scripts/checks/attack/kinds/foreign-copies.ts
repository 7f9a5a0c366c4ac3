import { HttpSender } from '../../http-sender.ts';
import type { Flood } from '../kind.ts';
import { numbers, victimModel } from '../models.ts';
import { inferOf, input } from '../request-flood.ts';
import { sendAs } from '../target.ts';

/** Written into KV itself, as somebody with a stolen storage token would: the victim's route with another model's versions in it. */
export const foreignCopies: Flood = {
  name: 'foreign-copies',
  about: "copies of routes in KV under the victim's name that another model's are",
  perSecond: 5,
  async prepare(target, attacker) {
    const routes = await target.pop.miniflare.getKVNamespace('ROUTES');
    const copyOf = async (model: string) => (await routes.get(`route:${model}`, 'text')) ?? '';
    const [own, foreign] = [await copyOf(victimModel.name), await copyOf(numbers.name)];
    const wrong = [
      foreign,
      foreign.replaceAll(`"model":"${numbers.name}"`, `"model":"${victimModel.name}"`),
      own.replace('"epoch":1', '"epoch":900000'),
      own.slice(0, own.length / 2),
      '{}',
    ];
    const sender = new HttpSender({ connections: 1, longestMs: 30_000 });
    const asked = {
      method: 'POST',
      path: inferOf(numbers.name),
      headers: { 'content-type': 'application/json' },
      body: `{${input('FP32', [1, 1], '1')}}`,
    };
    let next = 0;
    return {
      async fire() {
        await routes.put(`route:${victimModel.name}`, wrong[next++ % wrong.length] ?? '');
        return String((await sendAs(sender, target, attacker, asked)).status);
      },
      async end() {
        sender[Symbol.dispose]();
        // What the scheduled repair does in production.
        await routes.put(`route:${victimModel.name}`, own);
      },
    };
  },
};
