// THIRD_PARTY_NOTICES.md against what wrangler bundles now.
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { noticesFile, writeNotices } from '../../../scripts/build/notices/notices.ts';

it('THIRD_PARTY_NOTICES.md has the packages and licences of the bundle: npm run notices', async () => {
  const notices = await writeNotices();
  expect(await readFile(noticesFile, 'utf8')).toBe(notices);
  for (const name of ['hono', 'jose', 'zod', 'onnxruntime-web']) expect(notices).toContain(`| ${name} | `);
});
