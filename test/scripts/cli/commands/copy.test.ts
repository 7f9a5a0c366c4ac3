// Between two real PoPs: a staging and a production with registries of their own.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestDigest } from '../../../../registry/manifest.ts';
import { sha256, TestPop } from '../../../harness/pop.ts';
import { adder, type SmallPublication } from '../../../harness/small-models.ts';
import { type Ran, runCommand } from '../captured-host.ts';

let staging: TestPop;
let production: TestPop;
beforeAll(async () => {
  [staging, production] = [await TestPop.start(), await TestPop.start()];
});
afterAll(async () => {
  await staging.stop();
  await production.stop();
});

function environment(): Record<string, string> {
  return {
    ...{ POPSERVE_STAGING_URL: staging.pop.url.href, POPSERVE_STAGING_TOKEN: staging.pop.token },
    ...{ POPSERVE_PRODUCTION_URL: production.pop.url.href, POPSERVE_PRODUCTION_TOKEN: production.pop.token },
    POPSERVE_ACTOR: 'somebody',
  };
}

function run(args: readonly string[], env: Record<string, string> = environment()): Promise<Ran> {
  return runCommand(args, '', { env });
}

function copy(model: string, version: string, ...options: string[]): Promise<Ran> {
  return run(['copy', model, version, '--from', 'staging', '--to', 'production', ...options]);
}

/** y = x + constant, with golden vectors that say so, or say something else. */
function golden(name: string, version: string, constant: number, said = constant): SmallPublication {
  const { manifest, blobs } = adder(name, version, constant);
  const tensor = (of: string, data: number[]) => ({ name: of, datatype: 'FP32', shape: [1, 2], data });
  const cases = [{ inputs: [tensor('x', [1, 0])], outputs: [tensor('y', [1 + said, said])] }];
  const bytes = new TextEncoder().encode(JSON.stringify({ cases }));
  const digest = sha256(bytes);
  const artifacts = { ...manifest.artifacts, golden: { digest, bytes: bytes.length } };
  return { manifest: { ...manifest, artifacts }, blobs: [...blobs, { digest, bytes }] };
}

describe('popserve copy', () => {
  it('brings the same bytes to the other place, verifies them there and serves nothing new', async () => {
    const publication = golden('pump', '1', 10);
    await staging.release(publication);
    const ran = await copy('pump', '1');
    expect(ran, ran.err).toMatchObject({ status: 0 });
    const digest = await manifestDigest(publication.manifest);
    expect(ran.out).toContain(
      `registered, 2 of its blobs were missing (${digest})\n1 of 1 golden vectors as published there`,
    );
    const read = { authorization: `Bearer ${production.pop.token}` };
    const there = await production.send('GET', '/registry/models/pump/versions/1', undefined, read);
    expect(there.headers.get('etag')).toBe(`"${digest}"`);
    for (const { digest: blob, bytes } of publication.blobs) {
      expect(sha256((await production.operate('GET', `/registry/blobs/${blob}`)).bytes)).toBe(sha256(bytes));
    }
    expect((await production.operate('GET', '/registry/models/pump')).json()).toMatchObject({ route: null });
  });

  it('changes nothing when it is repeated', async () => {
    const ran = await copy('pump', '1', '--json');
    expect(JSON.parse(ran.out)).toMatchObject({ created: false, sentBlobs: 0, verified: { cases: 1, faults: [] } });
  });

  it('goes on where an earlier copy ended', async () => {
    const publication = golden('fan', '1', 7);
    await staging.release(publication, false);
    const [first] = publication.blobs;
    await production.operate('PUT', `/registry/blobs/${first?.digest}`, first?.bytes);
    const ran = await copy('fan', '1');
    expect(ran.out, ran.err).toContain('registered, 1 of its blobs were missing');
  });

  it('activates there what answers as published, with a reason for the history', async () => {
    const ran = await copy('pump', '1', '--activate', '--reason', 'checked on staging');
    expect(ran, ran.err).toMatchObject({ status: 0 });
    expect(ran.out).toContain('pump: serving 1 (epoch 1)\n1 golden vectors as published, before and after');
    const { routes } = (await production.operate('GET', '/registry/models/pump/routes')).json<{ routes: unknown[] }>();
    expect(routes).toMatchObject([{ audit: { actor: 'somebody', reason: 'checked on staging' } }]);
  });

  it('registers and does not activate what answers otherwise there', async () => {
    await staging.release(golden('liar', '1', 1, 3), false);
    const only = await copy('liar', '1');
    expect(only.status).toBe(1);
    expect(only.out).toContain('0 of 1 golden vectors as published there\ncase 1: ');
    const activated = await copy('liar', '1', '--activate');
    expect(activated.status).toBe(1);
    expect(activated.err).toContain('liar 1 is not activated: case 1: ');
    expect((await production.operate('GET', '/registry/models/liar')).json()).toMatchObject({ route: null });
  });

  it('says that a version without golden vectors was not verified', async () => {
    await staging.release(adder('mute', '1', 1), false);
    const ran = await copy('mute', '1', '--activate');
    expect(ran, ran.err).toMatchObject({ status: 0 });
    expect(ran.out).toContain('not verified: it has no golden vectors\nmute: serving 1 (epoch 1)');
  });

  it('refuses a version that the other place has with other content', async () => {
    await staging.release(adder('twin', '1', 1), false);
    await production.release(adder('twin', '1', 2), false);
    const ran = await copy('twin', '1');
    expect(ran.status).toBe(1);
    expect(ran.err).toContain("version '1' exists with other content: artifacts.model.digest");
  });

  it('shows whom an activation would hurt there, with the command that does it all the same', async () => {
    const before = adder('press', '1', 1);
    await production.release({ ...before, manifest: { ...before.manifest, features: ['a', 'b'] } });
    const { manifest, blobs } = golden('press', '3', 5);
    await staging.release({ manifest: { ...manifest, features: ['a', 'c'] }, blobs }, false);
    const ran = await copy('press', '3', '--activate');
    expect(ran.status).toBe(1);
    expect(ran.out).toContain('3 as stable would break callers of 1; nothing was changed');
    expect(ran.out).toContain(
      'to do it all the same: npx popserve copy press 3 --from staging --to production --activate --breaking',
    );
  });
});

describe('places', () => {
  it.each([
    [{ POPSERVE_STAGING_URL: '' }, '--from staging: POPSERVE_STAGING_URL is not set'],
    [{ POPSERVE_PRODUCTION_URL: '' }, '--to production: POPSERVE_PRODUCTION_URL is not set'],
    [
      { POPSERVE_PRODUCTION_URL: 'https://pop.example.com', POPSERVE_PRODUCTION_TOKEN: '' },
      '--to production: POPSERVE_PRODUCTION_TOKEN is not set; set it to the token of https://pop.example.com/',
    ],
    [
      { POPSERVE_PRODUCTION_URL: 'http://pop.example.com' },
      "POPSERVE_PRODUCTION_URL: expected an https URL, because the operator's token is sent to it",
    ],
    [{ POPSERVE_PRODUCTION_URL: 'pop' }, 'POPSERVE_PRODUCTION_URL: expected a URL like https://popserve.example.com'],
  ])('%j is told by the name of the variable', async (changes, message) => {
    const ran = await run(['copy', 'pump', '1', '--from', 'staging', '--to', 'production'], {
      ...environment(),
      ...changes,
    });
    expect(ran.status).toBe(2);
    expect(ran.err).toContain(message);
  });

  it('refuses one place twice', async () => {
    const env = { ...environment(), POPSERVE_PRODUCTION_URL: staging.pop.url.href };
    const ran = await run(['copy', 'pump', '1', '--from', 'staging', '--to', 'production'], env);
    expect(ran.status).toBe(2);
    expect(ran.err).toContain('POPSERVE_STAGING_URL and POPSERVE_PRODUCTION_URL are the same place');
  });

  it('takes the token of a name for its URL, and POPSERVE_URL for a missing --from', async () => {
    const env = { ...environment(), POPSERVE_URL: staging.pop.url.href, POPSERVE_TOKEN: staging.pop.token };
    const ran = await run(['copy', 'pump', '1', '--to', production.pop.url.href], env);
    expect(ran, ran.err).toMatchObject({ status: 0 });
  });

  it('sends no token to a URL that none was set for', async () => {
    const ran = await run(['copy', 'pump', '1', '--to', 'https://elsewhere.example.com'], {
      ...environment(),
      ...{ POPSERVE_URL: staging.pop.url.href, POPSERVE_TOKEN: staging.pop.token },
    });
    expect(ran.status).toBe(2);
    expect(ran.err).toContain('--to https://elsewhere.example.com: no token is set for it; name the place');
  });

  it('takes --reason only with --activate', async () => {
    const ran = await copy('pump', '1', '--reason', 'x');
    expect(ran.status).toBe(2);
    expect(ran.err).toContain('--reason, --breaking and --if-epoch go with --activate');
  });
});
