// The oracle finds each kind of fault: an answer that is right passes, the same answer with one thing wrong does not.
import { beforeEach, describe, expect, it } from 'vitest';
import { type Answered, type Asked, type LoggedRoute, Oracle } from '../../../../scripts/checks/simulate/oracle.ts';
import { makeRelease } from '../../../../scripts/checks/simulate/releases.ts';

const releases = await Promise.all([1, 2, 3].map((number) => makeRelease('pump', number, 64)));
const digestOfFirst = releases[0]?.digest;

const asked: Asked = {
  isolate: 'pop-01.0',
  x: [3, 4],
  requested: null,
  minEpoch: null,
  key: 'device-1',
  knownEpoch: 0,
  warm: true,
};

function route(epoch: number, stable: string, rollout: LoggedRoute['rollout'] = null): LoggedRoute {
  return { epoch, aliases: rollout ? { stable, canary: rollout.version } : { stable }, rollout };
}

function answer(version: string, epoch: number, changes: Partial<Answered['headers']> = {}, data?: number[]): Answered {
  const release = releases.find((each) => each.version === version);
  const outputs = data ?? asked.x.map((value) => value + (release?.constant ?? 0));
  const named = { 'popserve-version': version, 'popserve-epoch': String(epoch), 'popserve-digest': release?.digest };
  return {
    status: 200,
    headers: { ...named, ...changes },
    body: JSON.stringify({ model_version: version, outputs: [{ data: outputs }] }),
  };
}

let oracle: Oracle;
beforeEach(() => {
  oracle = new Oracle(releases);
  oracle.learn(route(1, '1'));
  oracle.learn(route(2, '2'));
});

const breachOf = (request: Partial<Asked>, answered: Answered, faults: Parameters<Oracle['judge']>[2] = new Set()) =>
  oracle.judge({ ...asked, ...request }, answered, faults).breach;

describe('an answer', () => {
  it('of one version, its digest and an epoch that names it is right', () => {
    expect(breachOf({}, answer('1', 1))).toBeNull();
    expect(breachOf({}, answer('2', 2))).toBeNull();
    expect(breachOf({ requested: '1' }, answer('1', 2))).toBeNull();
    expect(breachOf({ requested: 'stable' }, answer('2', 2))).toBeNull();
  });

  it.each([
    ['with the outputs of another version', answer('2', 2, {}, [103, 104])],
    ['with one output of another version', answer('2', 2, {}, [203, 104])],
    ['with the digest of another version', answer('2', 2, { 'popserve-digest': digestOfFirst })],
    ['with the epoch of another version', answer('2', 1)],
    ['of an epoch that was never written', answer('2', 9)],
    ['of a version that does not exist', answer('9', 2)],
    ['whose body names another version', { ...answer('2', 2), body: answer('2', 2).body.replace('"2"', '"1"') }],
    ['that is no JSON', { ...answer('2', 2), body: 'half an ans' }],
  ])('%s is mixed', (_what, answered) => {
    expect(breachOf({}, answered)).toBe('mixed');
  });

  it('for a version or alias that another version gave is mixed', () => {
    expect(breachOf({ requested: '1' }, answer('2', 2))).toBe('mixed');
    expect(breachOf({ requested: 'stable' }, answer('1', 2))).toBe('mixed');
  });

  it('from a lower epoch than its isolate had before the request has fallen', () => {
    expect(breachOf({}, answer('2', 2))).toBeNull();
    expect(breachOf({ knownEpoch: oracle.epochOf('pop-01.0') }, answer('1', 1))).toBe('epoch-fell');
    expect(breachOf({ isolate: 'pop-01.1' }, answer('1', 1))).toBeNull();
  });

  it('below the epoch that was asked for is named', () => {
    expect(breachOf({ minEpoch: 2 }, answer('1', 1))).toBe('below-min-epoch');
  });
});

describe('a rollout', () => {
  beforeEach(() => {
    [5, 20, 100, 0].forEach((percent, index) => {
      oracle.learn(route(3 + index, '1', { version: '2', percent, salt: 's' }));
    });
  });

  it('may move a device to the canary as it grows, and keeps it there', () => {
    expect(breachOf({}, answer('1', 3))).toBeNull();
    expect(breachOf({}, answer('2', 4))).toBeNull();
    expect(breachOf({}, answer('1', 4))).toBe('side-changed');
  });

  it('never moves a device back while it grows', () => {
    expect(breachOf({}, answer('2', 3))).toBeNull();
    expect(breachOf({}, answer('1', 4))).toBe('side-changed');
    expect(breachOf({ key: 'device-2' }, answer('1', 4))).toBeNull();
  });

  it('answers by stable for a canary that cannot be had, says so, and moves nobody by it', () => {
    const instead = (epoch: number, of = '2') => answer('1', epoch, { 'popserve-instead-of': of });
    const cutOff = new Set(['cut-off'] as const);
    expect(breachOf({}, answer('2', 3))).toBeNull();
    expect(breachOf({}, instead(4), cutOff)).toBeNull();
    expect(breachOf({}, instead(5), cutOff)).toBeNull();
    expect(breachOf({}, answer('2', 4))).toBeNull();
    expect(breachOf({}, instead(4))).toBe('side-changed');
    expect(breachOf({}, instead(6), cutOff)).toBe('mixed');
    expect(breachOf({}, instead(4, '3'), cutOff)).toBe('mixed');
    expect(breachOf({ requested: 'canary' }, instead(4), cutOff)).toBe('mixed');
    // A version that loads nowhere needs no fault.
    oracle.learn(route(7, '1', { version: '9', percent: 20, salt: 's' }));
    expect(breachOf({}, instead(7, '9'))).toBeNull();
  });

  it('of 100 or 0 percent leaves one side alone', () => {
    expect(breachOf({}, answer('1', 5))).toBe('mixed');
    expect(breachOf({}, answer('2', 6))).toBe('mixed');
  });
});

describe('a refusal', () => {
  const deliberate: Answered = { status: 503, headers: { 'retry-after': '1' }, body: '{"error":"unavailable"}' };
  const cutOff = new Set(['cut-off'] as const);

  it('of a warm isolate is lost, whatever is broken around it', () => {
    expect(breachOf({}, deliberate, cutOff)).toBe('lost');
    expect(breachOf({}, { status: 0, headers: {}, body: 'reset' }, cutOff)).toBe('lost');
  });

  it('without a fault that keeps the PoP from R2 is lost, also of a cold isolate or for an epoch', () => {
    expect(breachOf({ warm: false }, deliberate)).toBe('lost');
    expect(breachOf({ minEpoch: 2 }, deliberate, new Set(['kv-stale', 'kv-failing']))).toBe('lost');
  });

  it('of a cold isolate, or for an epoch, is excused by a fault that keeps it from R2', () => {
    expect(oracle.judge({ ...asked, warm: false }, deliberate, cutOff)).toMatchObject({ breach: null, excused: true });
    expect(oracle.judge({ ...asked, minEpoch: 2 }, deliberate, cutOff)).toMatchObject({ breach: null, excused: true });
  });

  it('that is not a 503 with a message and a time to try again is bad', () => {
    expect(breachOf({ warm: false }, { ...deliberate, status: 500 }, cutOff)).toBe('refused-badly');
    expect(breachOf({ warm: false }, { ...deliberate, headers: {} }, cutOff)).toBe('refused-badly');
  });
});
