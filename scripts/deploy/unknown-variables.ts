// Variables of a project's files that no setting of popserve reads, in every environment: doctor looks at all of them at once.
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { type UnknownSetting, unknownSettings } from '../../registry/setting-names.ts';
import { importWrangler } from '../build/operator-tools.ts';

export interface UnknownVariable extends UnknownSetting {
  /** The place in the project: `[env.production.vars] of wrangler.toml`. */
  readonly where: string;
}

/** The parts of a wrangler file, as it stands on disk, in which variables are set. */
interface RawProject {
  readonly vars?: object;
  readonly env?: Readonly<Record<string, { readonly vars?: object } | undefined>>;
}

/** @param config path of the wrangler file, beside which .dev.vars may lie */
export async function findUnknownVariables(config: string): Promise<UnknownVariable[]> {
  const { experimental_readRawConfig: readRaw } = await importWrangler();
  const { vars, env }: RawProject = readRaw({ config }).rawConfig;
  const local = await readFile(join(dirname(config), '.dev.vars'), 'utf8').catch(() => '');
  const file = basename(config);
  const places: [where: string, variables: object | undefined][] = [
    [`[vars] of ${file}`, vars],
    ...Object.entries(env ?? {}).map(([name, its]): [string, object | undefined] => [
      `[env.${name}.vars] of ${file}`,
      its?.vars,
    ]),
    ['.dev.vars', parseEnv(local)],
  ];
  return places.flatMap(([where, variables]) =>
    unknownSettings(Object.keys(variables ?? {})).map((unknown) => ({ ...unknown, where })),
  );
}
