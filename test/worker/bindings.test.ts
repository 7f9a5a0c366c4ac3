// Platform bindings are read in one place.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../scripts/build/project.ts';

test('no file but bindings.ts, and the entry of the second engine’s Worker, reads a binding or a variable of env', () => {
  const folder = join(projectRoot, 'worker');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /(?<!\.d)\.ts$/.test(file));
  const readers = files.filter((file) => {
    const code = readFileSync(join(folder, file), 'utf8').replaceAll(/^\s*(\/\/|\/?\*).*$/gm, '');
    return /\benv(\.|\?\.|\[)|\b(const|let) \{[^}]*\} = (this\.|c\.)?env\b|\bparseConfig\(/.test(code);
  });
  // config.ts defines what bindings.ts calls.
  expect(readers.sort()).toEqual(['bindings.ts', 'config.ts', 'litert/index.ts']);
});
