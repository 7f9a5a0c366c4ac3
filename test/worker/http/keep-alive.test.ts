// A client that keeps its connection: after an answer that no body was wanted for, its next request arrives too.
import { Agent, type IncomingMessage, request } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { mebibyte } from '../../../registry/mebibytes.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

let pop: TestPop;
let agent: Agent;
beforeAll(async () => {
  pop = await TestPop.start({ INFERENCE_ACCESS: 'open' });
  await pop.release(adder('adder', '1', 1));
});
afterAll(() => pop.stop());
beforeEach(() => {
  agent = new Agent({ keepAlive: true, maxSockets: 1 });
});
afterEach(() => agent.destroy());

interface Told {
  readonly status: number | undefined;
  readonly reused: boolean;
}

function send(method: string, path: string, body: string): Promise<Told> {
  const { promise, resolve, reject } = Promise.withResolvers<Told>();
  const { hostname, port } = pop.pop.url;
  const headers = { 'content-length': body.length };
  const sent = request({ method, path, hostname, port, agent, headers }, (answer: IncomingMessage) => {
    answer.resume();
    answer.on('end', () => resolve({ status: answer.statusCode, reused: sent.reusedSocket }));
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

test.each([
  ['POST', '/nowhere', 404],
  ['POST', '/v2/models/adder/nothing', 404],
  ['PUT', '/v2/models/adder/infer', 405],
  ['GET', '/v2/health/live', 200],
  ['GET', '/v2/models/adder', 200],
  ['PUT', '/registry/models/adder/versions/2', 401],
  ['POST', '/v2/models/none/infer', 404],
])('%s %s with a body: %i, twenty times on one connection', async (method, path, status) => {
  for (let again = 0; again < 20; again++) {
    expect(await send(method, path, 'x'.repeat(1000))).toEqual({ status, reused: again > 0 });
  }
});

test('a refused upload is not read to its end', async () => {
  const { hostname, port } = pop.pop.url;
  const { promise, resolve } = Promise.withResolvers<number>();
  let taken = 0;
  const sent = request({ method: 'PUT', path: '/registry/blobs/nothing', hostname, port }, (answer) => answer.resume());
  // The connection is cut; the client may see the answer before or may not.
  sent.on('error', () => resolve(taken));
  sent.on('close', () => resolve(taken));
  const piece = new Uint8Array(mebibyte);
  const push = () => {
    if (sent.destroyed || taken >= 300 * mebibyte) {
      sent.destroy();
      return;
    }
    taken += piece.length;
    sent.write(piece, push);
  };
  push();
  expect(await promise).toBeLessThan(64 * mebibyte);
});
