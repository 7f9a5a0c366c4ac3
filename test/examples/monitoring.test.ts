// The alert rules and the Grafana board: they parse, the rules fire when they should, and every metric they name is one that is served.
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { projectRoot } from '../../scripts/build/project.ts';
import { metricsOf } from '../../worker/telemetry/metrics.ts';
import { TestPop } from '../harness/pop.ts';
import { adder } from '../harness/small-models.ts';

const folder = join(projectRoot, 'examples/monitoring');
const boardSchema = z.object({
  panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).min(1) })).min(1),
});

function promtool(...args: string[]): string {
  return execFileSync('promtool', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function hasPromtool(): boolean {
  try {
    promtool('--version');
    return true;
  } catch {
    return false;
  }
}

async function boardExpressions(): Promise<string[]> {
  const board = boardSchema.parse(JSON.parse(await readFile(join(folder, 'grafana.json'), 'utf8')));
  return board.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
}

describe.skipIf(!hasPromtool())('promtool (skipped without it)', () => {
  let temporary: string;
  beforeAll(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'popserve-monitoring-'));
  });
  afterAll(() => rm(temporary, { recursive: true, force: true }));

  test('takes the rules', () => {
    expect(promtool('check', 'rules', 'alerts.yml')).toContain('SUCCESS: 10 rules found');
  });

  test('sees each of them fire and keep still', () => {
    expect(promtool('test', 'rules', 'alerts.test.yml')).toContain('SUCCESS');
  });

  test('takes the configuration', async () => {
    for (const file of ['prometheus.yml', 'alerts.yml'])
      await writeFile(join(temporary, file), await readFile(join(folder, file)));
    await writeFile(join(temporary, 'popserve.key'), '');
    expect(promtool('check', 'config', join(temporary, 'prometheus.yml'))).toContain('SUCCESS');
  });

  test('takes every expression of the board', async () => {
    const rules = (await boardExpressions()).map((expr, index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll('$model', '.*').replaceAll('$__rate_interval', '5m'),
    }));
    // YAML is a superset of JSON.
    const file = join(temporary, 'board.yml');
    await writeFile(file, JSON.stringify({ groups: [{ name: 'board', rules }] }));
    expect(promtool('check', 'rules', file)).toContain(`SUCCESS: ${rules.length} rules found`);
  });
});

test('rules and board name only metrics that are served', async () => {
  const pop = await TestPop.start({});
  try {
    await pop.release(adder('adder', '1', 1));
    const { bytes } = await pop.operate('GET', '/metrics');
    const exposed = new TextDecoder().decode(bytes).matchAll(/^# TYPE (\w+) /gm);
    const served = new Set([...exposed].map(([, name]) => name));
    for (const { name, type } of metricsOf([], false)) {
      for (const suffix of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) served.add(name + suffix);
    }
    const told = [...(await boardExpressions()), await readFile(join(folder, 'alerts.yml'), 'utf8')].join('\n');
    const named = new Set(told.match(/\bpopserve_\w+/g));
    expect(named.size).toBeGreaterThan(10);
    expect([...named].filter((name) => !served.has(name))).toEqual([]);
  } finally {
    await pop.stop();
  }
});
