import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
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
