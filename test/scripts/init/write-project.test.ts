// The files of a new project: complete, closed when deployed, in step with this checkout, and never over others.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unstable_readConfig as readConfig } from 'wrangler';
import packageJson from '../../../package.json' with { type: 'json' };
import { projectRoot } from '../../../scripts/build/project.ts';
import { writeProject } from '../../../scripts/init/write-project.ts';

const parent = mkdtempSync(join(tmpdir(), 'popserve-init-'));
afterAll(() => rmSync(parent, { recursive: true }));

const options = { name: 'edge-models', popserve: '^1.2.3', token: 'a-token' };
const read = (folder: string, file: string) => readFileSync(join(folder, file), 'utf8');

describe('a new project', () => {
  const folder = join(parent, 'edge-models');
  let files: string[];
  beforeAll(async () => {
    files = await writeProject(folder, options);
  });

  it('has every file that it needs, under its own name', () => {
    expect(files.sort()).toEqual([
      '.dev.vars',
      '.github/workflows/ci.yml',
      '.gitignore',
      '.npmrc',
      'README.md',
      'package.json',
      'src/index.ts',
      'src/litert.ts',
      'wrangler.litert.toml',
      'wrangler.toml',
    ]);
    for (const file of files) expect(read(folder, file)).not.toContain('my-pop');
    expect(read(folder, 'README.md')).toMatch(/^# edge-models\n/);
  });

  it('takes the Worker from the package and has three lines of its own', () => {
    const lines = read(folder, 'src/index.ts').trim().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toBe("export { default, ModelTelemetry } from 'popserve/worker';");
  });

  it('names the tools in the versions that popserve is tested with', () => {
    const { devDependencies: tested } = packageJson;
    expect(JSON.parse(read(folder, 'package.json'))).toMatchObject({
      dependencies: { popserve: '^1.2.3' },
      devDependencies: { wrangler: tested.wrangler, 'onnxruntime-node': tested['onnxruntime-node'] },
    });
  });

  it('runs no install script of a package: that of onnxruntime-node would download what nothing uses', () => {
    expect(read(folder, '.npmrc')).toContain('ignore-scripts=true');
  });

  it("keeps this machine's secrets out of git and from others", () => {
    expect(read(folder, '.gitignore')).toContain('.dev.vars');
    expect(read(folder, '.dev.vars')).toContain('ADMIN_TOKEN="a-token"');
    expect(statSync(join(folder, '.dev.vars')).mode & 0o077).toBe(0);
  });

  it('binds the Worker of the second engine, which has the same bucket and no address', () => {
    const own = readConfig({ config: join(projectRoot, 'wrangler.litert.toml'), env: 'production' });
    const serving = readConfig({ config: join(folder, 'wrangler.toml') });
    const config = readConfig({ config: join(folder, 'wrangler.litert.toml') });
    expect(serving.services).toEqual([{ binding: 'LITERT', service: config.name }]);
    expect(config.r2_buckets).toEqual(serving.r2_buckets);
    expect(config).toMatchObject({
      compatibility_date: own.compatibility_date,
      compatibility_flags: own.compatibility_flags,
      workers_dev: false,
      preview_urls: own.preview_urls,
    });
  });

  it("has a wrangler.toml as popserve's own where it must be, and closed", () => {
    const own = readConfig({ config: join(projectRoot, 'wrangler.toml'), env: 'production' });
    const config = readConfig({ config: join(folder, 'wrangler.toml') });
    expect(config).toMatchObject({
      name: 'edge-models',
      compatibility_date: own.compatibility_date,
      compatibility_flags: own.compatibility_flags,
      triggers: own.triggers,
      limits: own.limits,
      observability: own.observability,
      migrations: own.migrations,
      durable_objects: own.durable_objects,
      vars: {},
    });
    const bindings = (each: typeof own) => [...each.r2_buckets, ...each.kv_namespaces].map(({ binding }) => binding);
    expect(bindings(config)).toEqual(bindings(own));
    const limits = (each: typeof own) =>
      each.ratelimits.map(({ name, simple }: { name: string; simple: unknown }) => ({ name, simple }));
    expect(limits(config)).toEqual(limits(own));
  });
});

it('writes nothing where a file of the project is already', async () => {
  const folder = join(parent, 'taken');
  await writeProject(folder, options);
  writeFileSync(join(folder, 'package.json'), 'mine');
  rmSync(join(folder, 'README.md'));
  await expect(writeProject(folder, options)).rejects.toThrow(
    /taken already has package\.json, \.dev\.vars, .*; choose a folder without, nothing was written$/,
  );
  expect(read(folder, 'package.json')).toBe('mine');
  expect(() => read(folder, 'README.md')).toThrow('ENOENT');
});
