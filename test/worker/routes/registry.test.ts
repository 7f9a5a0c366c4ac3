// A new route over HTTP whose version has another contract than the one that callers have.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorAnswerSchema } from '../../../registry/api/error.ts';
import { demoPublication } from '../../harness/demo-publication.ts';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

let pop: TestPop;
const model = 'machine-failure';

beforeAll(async () => {
  pop = await TestPop.start();
  await pop.release(await demoPublication());
  // A regressor with one input in the place of a classifier with six.
  await pop.release(adder(model, '2', 1), false);
});
afterAll(() => pop.stop());

function post(body: object, headers: Record<string, string> = {}) {
  const path = `/registry/models/${model}/routes`;
  return pop.send('POST', path, body, { authorization: `Bearer ${pop.pop.token}`, ...headers });
}

const instances = [
  {
    ...{ type: 'M', air_temperature: 298.1, process_temperature: 308.6 },
    ...{ rotational_speed: 1551, torque: 42.8, tool_wear: 0 },
  },
];

async function askAsBefore(): Promise<[status: number, version: string | null]> {
  const { status, headers } = await pop.send('POST', `/v2/models/${model}/infer`, { instances });
  return [status, headers.get('popserve-version')];
}

describe('a version with another contract', () => {
  test.each([
    { action: 'activate', version: '2' },
    { action: 'canary', version: '2', percent: 100 },
    { action: 'alias', name: 'lab', version: '2' },
    { action: 'shadow', version: '2', percent: 10 },
  ])('is refused by $action with every break, and callers keep what they have', async (action) => {
    const answer = await post(action);
    expect([answer.status, answer.headers.get('etag')]).toEqual([409, null]);
    const { error, contract } = errorAnswerSchema.parse(answer.json());
    expect(error).toContain("input 'torque': FP32 [-1,1] becomes nothing");
    expect(error).toContain('send "breaking": true with a "reason"');
    const names = contract?.breaks.filter(({ part }) => part === 'input').map(({ name }) => name);
    expect(names?.sort()).toEqual([...Object.keys(instances[0] ?? {}), 'x'].map((name) => `'${name}'`).sort());
    expect(await askAsBefore()).toEqual([200, '1']);
    const { routes } = (await pop.operate('GET', `/registry/models/${model}/routes`)).json<{ routes: object[] }>();
    expect(routes).toHaveLength(1);
  });

  test('is not taken without a reason', async () => {
    const answer = await post({ action: 'activate', version: '2', breaking: true });
    expect([answer.status, answer.json()]).toEqual([400, { error: expect.stringContaining('the action: reason: ') }]);
  });

  test('is not what a lost race says', async () => {
    const answer = await post({ action: 'activate', version: '2' }, { 'if-match': '"7"' });
    expect([answer.status, answer.json()]).toEqual([409, { error: expect.stringContaining('expected epoch 7') }]);
  });

  test('is served if it is meant: the log and the audit say so, and so does the way back', async () => {
    const why = { breaking: true, reason: 'callers were told' };
    const answer = await post({ action: 'activate', version: '2', ...why });
    expect(answer.status).toBe(201);
    expect(answer.json()).toMatchObject({
      route: { aliases: { stable: '2' }, audit: { reason: why.reason, breaking: expect.any(Array) } },
    });
    const { records } = (await pop.operate('GET', '/registry/audit?limit=1')).json<{ records: object[] }>();
    expect(records).toMatchObject([{ change: 'route', details: { action: { version: '2', ...why } } }]);
    expect((await post({ action: 'rollback' })).status).toBe(409);
    expect((await post({ action: 'rollback', ...why })).status).toBe(201);
    await expect.poll(askAsBefore).toEqual([200, '1']);
  });
});

test('loading through the model repository never gives callers another version', async () => {
  const load = { parameters: { version: '2' } };
  await pop.operate('POST', `/v2/repository/models/${model}/load`, load);
  expect(await askAsBefore()).toEqual([200, '1']);
});
