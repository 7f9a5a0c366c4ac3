import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deriveLiteRtGlue, readLiteRt } from '../../../scripts/build/derive-litert.ts';
import { projectRoot } from '../../../scripts/build/project.ts';

const installed = join(projectRoot, 'node_modules', '@litertjs', 'core');
const glueFile = join('wasm', 'litert_wasm_internal.js');

describe('deriving LiteRT', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'popserve-derive-litert-'));
    await mkdir(join(folder, 'wasm'));
    await cp(join(installed, 'package.json'), join(folder, 'package.json'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('leaves nothing of Node or of pages in the start of the glue, nor a way to read files', async () => {
    const { glue } = await readLiteRt(installed);
    expect(glue).not.toMatch(
      /require\(|import\(|self\.location|__filename|process\.argv|importScripts|module\.exports/,
    );
    expect(glue).not.toMatch(/readBinary = |readAsync = /);
    expect(glue.trimEnd().endsWith('export default ModuleFactory;')).toBe(true);
  });

  it('has the module import its memory and nothing else that is new', async () => {
    const { wasm } = await readLiteRt(installed);
    const imports = WebAssembly.Module.imports(await WebAssembly.compile(wasm));
    expect(imports.filter(({ kind }) => kind !== 'function')).toEqual([
      { module: 'a', name: 'memory', kind: 'memory' },
    ]);
  });

  it('refuses another glue by its digest, and says what to do', async () => {
    await writeFile(join(folder, glueFile), `${await readFile(join(installed, glueFile), 'utf8')}\n`);
    await expect(readLiteRt(folder)).rejects.toThrow('Install that version, or look through');
  });

  it('refuses a glue in which a piece is missing or stands twice, and says which', async () => {
    const published = await readFile(join(installed, glueFile), 'utf8');
    const missing = published.replace('function DefaultErrorReporter(', 'function OtherErrorReporter(');
    expect(() => deriveLiteRtGlue(missing)).toThrow('what LiteRT refuses is told');
    expect(() => deriveLiteRtGlue(published + published)).toThrow('expected once');
  });
});
