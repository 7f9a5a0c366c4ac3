// Blobs between a real PoP and files.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Digest } from '../../../registry/names.ts';
import { Connection } from '../../../scripts/cli/connection.ts';
import { RegistryClient } from '../../../scripts/cli/registry-client.ts';
import { readSettings } from '../../../scripts/cli/settings.ts';
import { sizeOfFile } from '../../../scripts/transfer/file-bytes.ts';
import { sha256, TestPop } from '../../harness/pop.ts';

const folder = mkdtempSync(join(tmpdir(), 'popserve-client-'));
const file = join(folder, 'blob');
const bytes = new Uint8Array(300_000).map((_, index) => index % 251);
const digest: Digest = sha256(bytes);
let pop: TestPop;
let client: RegistryClient;
beforeAll(async () => {
  pop = await TestPop.start();
  const settings = readSettings({ POPSERVE_URL: pop.pop.url.href, POPSERVE_TOKEN: pop.pop.token });
  client = new RegistryClient(new Connection(settings), () => 'somebody');
  writeFileSync(file, bytes);
  await client.uploadBlob(digest, file);
  rmSync(file);
});
afterAll(async () => {
  await pop.stop();
  rmSync(folder, { recursive: true });
});

it.each([0, 1, 150_000, 300_000])('continues a download of which %i bytes are there', async (had) => {
  if (had > 0) writeFileSync(`${file}.part`, bytes.subarray(0, had));
  await client.downloadBlob(digest, file);
  expect(sha256(readFileSync(file))).toBe(digest);
  expect(await sizeOfFile(`${file}.part`)).toBeNull();
  rmSync(file);
});

it('begins anew after a part that was damaged', async () => {
  writeFileSync(`${file}.part`, new Uint8Array(1000));
  await expect(client.downloadBlob(digest, file)).rejects.toThrow(`expected bytes with the digest ${digest}`);
  await client.downloadBlob(digest, file);
  expect(sha256(readFileSync(file))).toBe(digest);
  rmSync(file);
});

it('refuses to store a file under another digest', async () => {
  writeFileSync(file, 'other');
  const other: Digest = `sha256:${'0'.repeat(64)}`;
  await expect(client.uploadBlob(other, file)).rejects.toThrow(`expected bytes with the digest ${other}`);
});
