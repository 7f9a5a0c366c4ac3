// Where the platform is asked to make a model's object. No simulation shows it, so the calls of the binding are looked at.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../../scripts/build/project.ts';
import { parseConfig } from '../../../worker/config.ts';

interface Client {
  report(model: string, report: object): Promise<void>;
  released(model: string, epoch: number): Promise<void>;
  object(model: string): object;
}

// Its types are the platform's, which tests do not have.
const { TelemetryClient } = (await import(join(projectRoot, 'worker/telemetry/telemetry-client.ts'))) as {
  TelemetryClient: new (namespace: object, location: string | null) => Client;
};

test.each([
  [{}, {}],
  [{ TELEMETRY_LOCATION: '' }, {}],
  [{ TELEMETRY_LOCATION: 'weur' }, { locationHint: 'weur' }],
])('with the settings %o every call gives the binding %o', async (settings, options) => {
  const given: unknown[] = [];
  const stub = { report: async () => undefined, released: async () => undefined };
  const namespace = {
    getByName: (...call: unknown[]) => {
      given.push(call);
      return stub;
    },
  };
  const client = new TelemetryClient(namespace, parseConfig(settings).telemetryLocation);
  await client.report('pump', {});
  await client.released('pump', 1);
  expect(client.object('pump')).toBe(stub);
  expect(given).toEqual(Array.from({ length: 3 }, () => ['pump', options]));
});

test('another location is a fault of the settings that names those there are', () => {
  expect(() => parseConfig({ TELEMETRY_LOCATION: 'mars' })).toThrow(/TELEMETRY_LOCATION.*weur/);
});
