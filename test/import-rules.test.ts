// The direction of imports as biome.json keeps it: in a small tree of the same shape a wrong import fails and a right one passes.
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../scripts/build/project.ts';

const wrong: readonly (readonly [file: string, specifier: string])[] = [
  ['worker/routes/new.ts', '../app.ts'],
  ['worker/middleware/new.ts', '../routes/infer.ts'],
  ['worker/inference/new.ts', '../http/answer.ts'],
  ['worker/http/new.ts', '../models/metadata.ts'],
  ['worker/isolate.ts', './http/pop.ts'],
  ['worker/bindings.ts', './http/pop.ts'],
  ['worker/telemetry/new.ts', '../bindings.ts'],
  ['worker/runtime/new.ts', '../isolate.ts'],
  ['worker/routing/new.ts', '../telemetry/report.ts'],
  ['worker/telemetry/drift/new.ts', '../../config.ts'],
  ['worker/protocol/new.ts', '../runtime/heap.ts'],
  ['worker/logging/new.ts', '../protocol/tensor.ts'],
  ['worker/app.ts', '../scripts/random.ts'],
  ['registry/new.ts', '../worker/protocol/tensor.ts'],
  ['client/new.ts', '../worker/runtime/tensors.ts'],
  ['scripts/publish/new.ts', '../validation/task.ts'],
  ['scripts/onnx/new.ts', '../inspect/compare.ts'],
  ['scripts/convert-litert/new.ts', '../publish/options.ts'],
  ['scripts/inspect/new.ts', '../convert-litert/convert.ts'],
  ['scripts/deploy/steps/new.ts', '../../cli/connection.ts'],
  ['scripts/transfer/new.ts', '../cli/connection.ts'],
  ['scripts/cli/commands/new.ts', '../../../worker/http/pop.ts'],
  ['scripts/validation/new.ts', '../../worker/runtime/heap.ts'],
  ['scripts/demo/new.ts', '../checks/summarise.ts'],
  ['scripts/start/new.ts', '../cli/host.ts'],
  ['scripts/init/new.ts', '../publish/options.ts'],
];

const right: typeof wrong = [
  ['worker/routes/right.ts', '../inference/infer.ts'],
  ['worker/middleware/right.ts', '../http/app-context.ts'],
  ['worker/telemetry/drift/right.ts', '../../protocol/tensor.ts'],
  ['scripts/inspect/right.ts', '../../worker/runtime/heap.ts'],
  ['scripts/cli/commands/right.ts', '../../../worker/protocol/tensor.ts'],
  ['scripts/cli/commands/right2.ts', '../../transfer/copy-version.ts'],
  ['scripts/start/right.ts', '../local-pop/pop.ts'],
  ['scripts/checks/right.ts', '../../worker/runtime/heap.ts'],
  ['client/right.ts', '../registry/names.ts'],
];

const circle: typeof wrong = [
  ['worker/protocol/a.ts', './b.ts'],
  ['worker/protocol/b.ts', './a.ts'],
];

let folder: string;
/** `<rule> <file>` of everything that was found. */
let findings: Set<string>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'popserve-imports-'));
  copyFileSync(join(projectRoot, 'biome.json'), join(folder, 'biome.json'));
  // Biome refuses to start without the plugins that its configuration names.
  const plugins = join('scripts', 'checks', 'lint');
  cpSync(join(projectRoot, plugins), join(folder, plugins), { recursive: true });
  for (const [file, specifier] of [...wrong, ...right, ...circle]) {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    // Types count as imports.
    writeFileSync(path, `import type { X } from '${specifier}';\n\nexport type Y = X;\n`);
  }
  const { stdout } = spawnSync(
    join(projectRoot, 'node_modules', '.bin', 'biome'),
    ['lint', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none', '.'],
    { cwd: folder, encoding: 'utf8' },
  );
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string; location: { path: string } }[] };
  findings = new Set(diagnostics.map(({ category, location }) => `${category} ${location.path}`));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the direction of imports', () => {
  it.each(wrong)('keeps %s from %s', (file) => {
    expect([...findings]).toContain(`lint/style/noRestrictedImports ${file}`);
  });

  it.each(right)('lets %s import %s', (file) => {
    expect([...findings]).not.toContain(`lint/style/noRestrictedImports ${file}`);
  });

  it.each(circle)('refuses circles, of types too: %s', (file) => {
    expect([...findings]).toContain(`lint/suspicious/noImportCycles ${file}`);
  });
});
