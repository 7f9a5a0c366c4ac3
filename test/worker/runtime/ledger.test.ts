// The account of an isolate's memory: who gets room and who is refused, in numbers small enough to follow.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mebibyte } from '../../../registry/mebibytes.ts';
import { type Account, Ledger, type Purpose } from '../../../worker/runtime/ledger.ts';

const mib = (count: number) => count * mebibyte;

function setUp(heapMib = 0) {
  const state = { heapMib, keptMib: 0, nowMs: 0 };
  const ledger = new Ledger({
    totalBytes: mib(40),
    baseBytes: mib(6),
    controlBytes: mib(2),
    heapBytes: () => mib(state.heapMib),
    keptBytes: () => mib(state.keptMib),
    now: () => state.nowMs,
  });
  return { ledger, state };
}

describe('room', () => {
  it('is what base, heap and requests leave; the heap may grow into what is left of it', () => {
    const { ledger } = setUp(10);
    const account = ledger.open('a');
    account.take('bodies', mib(5));
    expect(ledger.room()).toBe(mib(40 - 6 - 10 - 5));
    expect(ledger.heapRoom()).toBe(mib(40 - 6 - 5 - 2));
    account.close();
    expect(ledger.room()).toBe(mib(24));
  });

  it('is refused with a time to come back, and what was refused is not held', () => {
    const { ledger } = setUp(20);
    const account = ledger.open(null);
    expect(() => account.take('bodies', mib(14))).toThrow(
      expect.objectContaining({ code: 'UNAVAILABLE', retryAfterSeconds: 1 }),
    );
    expect(ledger.state().held.bodies).toBe(0);
  });

  it('is kept for small requests while large ones are refused', () => {
    const { ledger } = setUp(20);
    ledger.open('large').take('bodies', mib(11));
    expect(() => ledger.open('another').take('bodies', mebibyte / 2 + 1)).toThrow('kept for smaller requests');
    ledger.open('small').take('bodies', 100_000);
  });

  it('is kept for the control plane, which the data plane and the heap leave alone', () => {
    const { ledger } = setUp(20);
    ledger.open('large').take('bodies', mib(11));
    for (let small = 0; small < 10; small++) ledger.open(null).tryTake('bodies', mib(0.5));
    ledger.openControl().take('bodies', mib(2));
    expect(ledger.state().held.control).toBe(mib(2));
  });

  it('is less by what is kept between requests', () => {
    const { ledger, state } = setUp(10);
    state.keptMib = 4;
    expect([ledger.room(), ledger.heapRoom()]).toEqual([mib(20), mib(28)]);
  });

  it('is not lent where the heap was promised it', () => {
    const { ledger, state } = setUp(10);
    ledger.open('a').take('bodies', mib(20));
    state.heapMib = 30;
    expect(ledger.room()).toBe(mib(-16));
    expect(() => ledger.open('b').take('bodies', 1)).toThrow('leave 0.00 MiB');
  });
});

describe('one caller', () => {
  it('may hold one request of any size, and several up to half of the room', () => {
    const { ledger } = setUp(10);
    const first = ledger.open('a');
    first.take('bodies', mib(16));
    expect(() => ledger.open('a').take('bodies', 1)).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }));
    ledger.open('b').take('bodies', mib(2));
    first.close();
    ledger.open('a').take('bodies', mib(5));
    ledger.open('a').take('bodies', mib(5));
    expect(() => ledger.open('a').take('bodies', mib(4))).toThrow('one caller may hold 12.00 MiB');
  });
});

it('takes back what a cancelled request never gave, once no request lives as long and room is missing', () => {
  const { ledger, state } = setUp(10);
  ledger.open('gone').take('answers', mib(15));
  state.nowMs = 119_000;
  expect(ledger.open('b').tryTake('bodies', mib(8))).toBe(false);
  state.nowMs = 121_000;
  ledger.open('b').take('bodies', mib(8));
  expect(ledger.state().held).toMatchObject({ answers: 0, bodies: mib(8) });
});

it('tells whether what was asked for last was refused', () => {
  const { ledger } = setUp(10);
  const account = ledger.open('a');
  expect([account.tryTake('decoded', mib(500)), account.wasRefused]).toEqual([false, true]);
  expect([account.tryTake('decoded', 10), account.wasRefused]).toEqual([true, false]);
});

it('moves what is held to another purpose', () => {
  const { ledger } = setUp();
  const account = ledger.open('a');
  account.take('bodies', 10);
  account.move('bodies', 'shadows');
  account.give('bodies');
  expect(ledger.state().held).toMatchObject({ bodies: 0, shadows: 10 });
  account.give('shadows');
  expect(account.heldBytes).toBe(0);
});

it('never holds more than the whole, whatever is taken and given in whatever order, and ends at nothing', () => {
  const purpose = fc.constantFrom<Purpose>('bodies', 'decoded', 'answers', 'shadows');
  const step = fc.record({ account: fc.nat(5), purpose, bytes: fc.integer({ min: -mib(6), max: mib(20) }) });
  fc.assert(
    fc.property(fc.array(step), fc.nat(20), (steps, heapMib) => {
      const { ledger } = setUp(heapMib);
      const accounts: Account[] = ['a', 'a', 'b', 'c', null].map((caller) => ledger.open(caller));
      accounts.push(ledger.openControl());
      for (const { account, purpose: of, bytes } of steps) {
        if (bytes < 0) accounts[account]?.give(of, -bytes);
        else accounts[account]?.tryTake(of, bytes);
        expect(ledger.room()).toBeGreaterThanOrEqual(0);
      }
      for (const account of accounts) account.close();
      expect(ledger.room()).toBe(mib(34 - heapMib));
    }),
  );
});
