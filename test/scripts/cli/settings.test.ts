import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readActor, readSettings } from '../../../scripts/cli/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'popserve-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('readSettings', () => {
  writeFileSync(join(folder, 'token'), 'local-token\n');

  it('talks to the local PoP with its own token by default', () => {
    const settings = readSettings({ POPSERVE_DATA: folder });
    expect(settings.url.href).toBe('http://127.0.0.1:8787/');
    expect(settings.token).toBe('local-token');
  });

  it.each(['http://localhost:1', 'http://[::1]:1', 'http://127.1.2.3'])('takes %s for this machine', (url) => {
    expect(readSettings({ POPSERVE_URL: url, POPSERVE_DATA: folder }).token).toBe('local-token');
  });

  it.each(['https://pop.example.com', 'http://127.0.0.1.example.com', 'http://10.0.0.1'])(
    'never sends the local token to %s',
    (url) => {
      expect(readSettings({ POPSERVE_URL: url, POPSERVE_DATA: folder }).token).toBeNull();
    },
  );

  it('prefers POPSERVE_TOKEN', () => {
    expect(readSettings({ POPSERVE_TOKEN: 'mine', POPSERVE_DATA: folder }).token).toBe('mine');
  });

  it('keeps the path of a URL', () => {
    expect(readSettings({ POPSERVE_URL: 'https://example.com/edge' }).url.href).toBe('https://example.com/edge/');
  });

  it('refuses a URL that is none', () => {
    expect(() => readSettings({ POPSERVE_URL: 'example.com' })).toThrow('POPSERVE_URL: expected a URL like');
    expect(() => readSettings({ POPSERVE_URL: 'ftp://example.com' })).toThrow("got 'ftp://example.com'");
  });

  it('refuses a token that no header can carry, without showing it', () => {
    const read = () => readSettings({ POPSERVE_TOKEN: 'secret\nvalue' });
    expect(read).toThrow('POPSERVE_TOKEN: expected a token of visible ASCII characters');
    expect(read).not.toThrow('secret');
  });
});

describe('readSettings in a project whose local PoPs run', () => {
  // Links are resolved, as the working directory is told.
  const project = realpathSync(mkdtempSync(join(tmpdir(), 'popserve-project-')));
  const marks = join(project, '.popserve', 'running');
  const before = process.cwd();
  const [usualData, otherData, thirdData] = [
    join(project, '.popserve'),
    join(project, 'other'),
    join(project, 'third'),
  ];
  beforeEach(() => {
    for (const data of [marks, otherData, thirdData]) mkdirSync(data, { recursive: true });
    for (const data of [usualData, otherData, thirdData]) writeFileSync(join(data, 'token'), `of-${basename(data)}`);
    writeFileSync(join(project, 'wrangler.toml'), 'name = "mine"\n');
    process.chdir(project);
  });
  afterEach(() => {
    process.chdir(before);
    rmSync(marks, { recursive: true });
  });
  afterAll(() => rmSync(project, { recursive: true }));

  /** As if this process served it. */
  function runs(port: number, data: string): void {
    const mark = { url: `http://127.0.0.1:${port}`, data, pid: process.pid };
    writeFileSync(join(marks, `${port}.json`), JSON.stringify(mark));
  }
  const found = (env: Record<string, string>) => {
    const { url, token } = readSettings(env);
    return [url.port, token];
  };

  it('finds the only one, on its port and with its token', () => {
    expect(found({})).toEqual(['8787', 'of-.popserve']);
    runs(9001, otherData);
    expect(found({})).toEqual(['9001', 'of-other']);
    expect(found({ POPSERVE_TOKEN: 'mine' })).toEqual(['9001', 'mine']);
  });

  it('finds the token of the one whose URL is given, and the URL of the one whose data are', () => {
    runs(9001, otherData);
    runs(9002, thirdData);
    expect(found({ POPSERVE_URL: 'http://localhost:9002' })).toEqual(['9002', 'of-third']);
    expect(found({ POPSERVE_DATA: otherData })).toEqual(['9001', 'of-other']);
    expect(found({ POPSERVE_URL: 'http://127.0.0.1:9003' })).toEqual(['9003', 'of-.popserve']);
  });

  it('takes the one with the usual data among several, and does not guess among others', () => {
    runs(9001, otherData);
    runs(9002, thirdData);
    expect(() => readSettings({})).toThrow(
      `several local PoPs run: http://127.0.0.1:9001 (data in ${otherData}), http://127.0.0.1:9002 (data in ${thirdData}); say which with POPSERVE_URL`,
    );
    runs(9003, usualData);
    expect(found({})).toEqual(['9003', 'of-.popserve']);
  });

  it('has nothing to do with a PoP elsewhere', () => {
    runs(9001, otherData);
    expect(readSettings({ POPSERVE_URL: 'https://pop.example.com' }).token).toBeNull();
  });
});

describe('readActor', () => {
  it('takes POPSERVE_ACTOR in plain letters', () => {
    expect(readActor({ POPSERVE_ACTOR: 'José Ł. ' })).toBe('Jose ?.');
  });

  it('fits the header', () => {
    expect(readActor({ POPSERVE_ACTOR: 'a'.repeat(300) })).toHaveLength(128);
  });

  it('finds a name without POPSERVE_ACTOR', () => {
    expect(readActor({})).toMatch(/^[\x20-\x7e]{1,128}$/);
  });
});
