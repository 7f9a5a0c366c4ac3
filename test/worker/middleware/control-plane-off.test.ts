// A server without an operator's token: its control plane is off, whoever asks, and inference goes on.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestPop } from '../../harness/pop.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ ADMIN_TOKEN: '' });
});
afterAll(() => pop.stop());

test.each([{}, { authorization: 'Bearer ' }, { authorization: 'Bearer x' }, { 'x-api-key': '' }])(
  'the control plane is off for a caller with %o',
  async (headers) => {
    for (const call of ['GET /registry/models', 'POST /registry/gc', 'GET /registry/keys', 'GET /metrics']) {
      const [method = '', path = ''] = call.split(' ');
      const answer = await pop.send(method, path, undefined, headers);
      expect([call, answer.status]).toEqual([call, 503]);
      expect(answer.json()).toEqual({ error: 'the control plane is off: no admin token is configured' });
    }
    expect((await pop.send('GET', '/v2/health/live', undefined, headers)).status).toBe(200);
  },
);
