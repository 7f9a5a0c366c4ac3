// The Worker of the second engine beside a local PoP: popserve's own, that of a project, or a stand-in's source.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Bundle, bundleProject, bundleWorker, type WorkerProject } from '../build/bundle.ts';
import { engineFile } from '../build/environments.ts';

/** `own`: as the file beside the serving Worker's describes it, if that binds it. */
export type LocalEngine = 'own' | { readonly standIn: string };

/** As miniflare takes it, but for its name and its storage. */
interface EngineWorker {
  readonly modulesRoot?: string;
  readonly modules: true | Bundle['modules'][number][];
  readonly script?: string;
  readonly compatibilityDate?: string;
  readonly compatibilityFlags: string[];
  readonly bindings?: NonNullable<Bundle['options']['bindings']>;
}

/**
 * @param project undefined: popserve's own Worker
 * @returns null where there is none to bind
 * @throws Error when it does not build
 */
export async function bundleEngine(
  engine: LocalEngine | undefined,
  project: WorkerProject | undefined,
  serving: Bundle,
): Promise<EngineWorker | null> {
  if (engine === undefined) return null;
  if (engine !== 'own') return { ...datesOf(serving), modules: true, script: engine.standIn };
  const bundle = serving.services.includes('LITERT') ? await bundleOwn(project) : null;
  if (bundle === null) return null;
  const { bindings } = bundle.options;
  return {
    ...datesOf(bundle),
    modulesRoot: bundle.directory,
    modules: [...bundle.modules],
    ...(bindings === undefined ? {} : { bindings }),
  };
}

async function bundleOwn(project: WorkerProject | undefined): Promise<Bundle | null> {
  if (project === undefined) return await bundleWorker('litert');
  const config = join(dirname(project.config), engineFile);
  return existsSync(config) ? await bundleProject({ ...project, config }) : null;
}

function datesOf({ options: { compatibilityDate, compatibilityFlags = [] } }: Bundle) {
  return {
    ...(compatibilityDate === undefined ? {} : { compatibilityDate }),
    compatibilityFlags: [...compatibilityFlags],
  };
}
