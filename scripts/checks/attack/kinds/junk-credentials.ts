import { randomBytes } from 'node:crypto';
import { HttpSender } from '../../http-sender.ts';
import type { Flood } from '../kind.ts';
import { sendAs } from '../target.ts';

/** They come from the address of the victim, as from one network behind one router. */
export const junkCredentials: Flood = {
  name: 'junk-credentials',
  about: "wrong keys from the victim's own address",
  perSecond: 50,
  prepare(target) {
    const sender = new HttpSender({ connections: 4, longestMs: 30_000 });
    return {
      async fire() {
        const key = `pk_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('base64url')}`;
        const asked = { method: 'POST', path: '/v2/models/attack-victim/infer', body: '{}' };
        return String((await sendAs(sender, target, { key, address: target.victim.address }, asked)).status);
      },
      end: () => sender[Symbol.dispose](),
    };
  },
};
