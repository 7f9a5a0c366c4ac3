import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { projectRoot } from '../../../scripts/build/project.ts';
import { judgeVariables } from '../../../scripts/cli/commands/doctor.ts';
import { findUnknownVariables } from '../../../scripts/deploy/unknown-variables.ts';

const folder = mkdtempSync(join(tmpdir(), 'popserve-variables-'));
const config = join(folder, 'wrangler.toml');
afterAll(() => rmSync(folder, { recursive: true }));

it('knows all variables of this project', async () => {
  expect(await findUnknownVariables(join(projectRoot, 'wrangler.toml'))).toEqual([]);
});

it('names those of every environment and of .dev.vars, without their values', async () => {
  writeFileSync(
    config,
    'name = "pop"\n[vars]\nINFERENCE_ACCESS = "keyed"\nMY_GREETING = "hello"\n[env.staging]\n[env.production.vars]\nROUTE_REFRESH_SECOND = "30"\n',
  );
  writeFileSync(join(folder, '.dev.vars'), 'ADMIN_TOKEN=abc\nADMIN_TOKENS=very-secret\n');
  expect(await findUnknownVariables(config)).toEqual([
    { name: 'MY_GREETING', meant: null, where: '[vars] of wrangler.toml' },
    { name: 'ROUTE_REFRESH_SECOND', meant: 'ROUTE_REFRESH_SECONDS', where: '[env.production.vars] of wrangler.toml' },
    { name: 'ADMIN_TOKENS', meant: 'ADMIN_TOKEN', where: '.dev.vars' },
  ]);
  const told = await judgeVariables(config).catch(String);
  expect(told).toContain(
    '.dev.vars sets ADMIN_TOKENS, which popserve does not know and passes over; did you mean ADMIN_TOKEN?',
  );
  expect(told).not.toContain('very-secret');
});

it('lets doctor pass where variables may be the project’s own', async () => {
  writeFileSync(config, 'name = "pop"\n[vars]\nMY_GREETING = "hello"\n');
  writeFileSync(join(folder, '.dev.vars'), '');
  expect(await judgeVariables(config)).toContain(
    '[vars] of wrangler.toml sets MY_GREETING, which popserve does not know',
  );
});
