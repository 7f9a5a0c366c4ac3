// A model as the registry has it, as an answer.
import type { ModelDetailsAnswer } from '../../registry/api/models.ts';
import type { Isolate } from '../isolate.ts';

/** @throws PopserveError NOT_FOUND */
export async function modelDetails({ registry }: Isolate, model: string): Promise<ModelDetailsAnswer> {
  const details = await registry.showModel(model);
  const versions = details.versions.map((info) => ({
    ...info,
    blobs: [...info.blobs],
    storedAt: info.storedAt.toISOString(),
  }));
  return { ...details, versions };
}
