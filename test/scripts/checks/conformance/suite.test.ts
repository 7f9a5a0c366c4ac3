import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSuite } from '../../../../scripts/checks/conformance/suite.ts';

const run = promisify(execFile);

describe('opening the suite', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'popserve-suite-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function pack(expected: Record<string, object>): Promise<void> {
    const directory = join(folder, 'onnx/backend/test/data/node/test_abs');
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'model.onnx'), 'model');
    await writeFile(join(folder, 'expected.json'), JSON.stringify(expected));
    await run('tar', ['-czf', join(folder, 'onnx-backend-test-data.tar.gz'), '-C', folder, 'onnx']);
  }
  const pass = { wasm: 'pass', native: 'fail-load', opset: { 'ai.onnx': 13 } };

  it('unpacks the cases, with what is expected of them, until it is disposed of', async () => {
    await pack({ 'node/test_abs': pass });
    let directory = '';
    {
      await using suite = await openSuite(folder);
      expect(suite.cases).toMatchObject([{ name: 'node/test_abs', expected: pass }]);
      directory = suite.cases[0]?.directory ?? '';
      expect(existsSync(join(directory, 'model.onnx'))).toBe(true);
    }
    expect(existsSync(directory)).toBe(false);
  });

  it('says what is missing: the archive, an expectation, a case', async () => {
    await expect(openSuite(folder)).rejects.toThrow(`expected the ONNX suite in ${folder}`);
    await pack({});
    await expect(openSuite(folder)).rejects.toThrow('expected.json says nothing of node/test_abs');
    await pack({ 'node/test_abs': pass, 'node/test_gone': pass });
    await expect(openSuite(folder)).rejects.toThrow(
      'expected.json names node/test_gone, which the archive does not hold',
    );
  });
});
