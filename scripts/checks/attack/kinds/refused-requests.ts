import { Agent, type ClientRequest, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Flood } from '../kind.ts';
import { numbers } from '../models.ts';
import { inferOf } from '../request-flood.ts';
import type { Identity, Target } from '../target.ts';

const refused = [
  ['POST', '/no/such/path'],
  ['PUT', inferOf(numbers.name)],
  ['GET', inferOf(numbers.name)],
  ['POST', inferOf('nobody')],
] as const;
const body = 'x'.repeat(1000);

/** Each on a connection of its own, followed at once by a request that is right: it must not be lost. */
export const refusedRequests: Flood = {
  name: 'refused-requests',
  about: 'refused requests with bodies, then a right one on the same connection',
  perSecond: 20,
  prepare(target, attacker) {
    let next = 0;
    return {
      async fire() {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        try {
          const [method, path] = refused[next++ % refused.length] ?? refused[0];
          const first = await ask(agent, target, attacker, method, path, body);
          const second = await ask(agent, target, attacker, 'GET', '/v2/health/live', '');
          if (first.isClosing || second.status === 200) return String(first.status);
          return `the request behind a ${first.status} got ${second.status}`;
        } finally {
          agent.destroy();
        }
      },
      end: () => undefined,
    };
  },
};

/** Without sending it again, as HttpSender would. */
async function ask(
  agent: Agent,
  { pop }: Target,
  { key, address }: Identity,
  method: string,
  path: string,
  sent: string,
): Promise<{ status: number; isClosing: boolean }> {
  const headers = { authorization: `Bearer ${key}`, 'cf-connecting-ip': address, 'content-length': sent.length };
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; isClosing: boolean }>();
  const asked: ClientRequest = request({ agent, host: '127.0.0.1', port: pop.url.port, method, path, headers });
  asked.on('response', (answer) => {
    const told = { status: answer.statusCode ?? 0, isClosing: answer.headers.connection === 'close' };
    text(answer).then(() => resolve(told), reject);
  });
  asked.on('error', reject);
  asked.end(sent);
  return await promise;
}
