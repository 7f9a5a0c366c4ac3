// The features of a version, as callers who send records need them: names, types, what the reference data held, and what may be left out.
import type { ModelMetadata } from '../../registry/api/metadata.ts';
import type { FeatureBaseline } from '../../registry/baseline.ts';
import { isItemTake } from '../../registry/feature.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { type Datatype, isFloat } from '../../registry/signature.ts';
import { columnsOf, featuresOf } from '../protocol/record-model.ts';

type FeatureMetadata = ModelMetadata['features'][number];

/** In the order of the model; the inputs with a default come last. */
export function featureMetadata(manifest: Manifest): FeatureMetadata[] {
  const places = columnsOf(manifest).flatMap(({ spec, features }) =>
    (features ?? [spec.name]).map((_, take) => ({ tensor: spec.name, take })),
  );
  const baselines = new Map((manifest.baseline?.inputs ?? []).map((each) => [keyOf(each), each]));
  return featuresOf(manifest).map(({ name, datatype, shape, isOptional }, index): FeatureMetadata => {
    const place = places[index];
    const isOne = shape.length === 0;
    const known = place !== undefined && isOne ? baselines.get(keyOf(place)) : undefined;
    const described = { name, type: typeOf(datatype), datatype, shape: [...shape], optional: isOptional };
    return { ...described, ...seenIn(known) };
  });
}

function keyOf({ tensor, take }: Pick<FeatureBaseline, 'tensor' | 'take'>): string {
  return `${isItemTake(take) ? `item ${take.item}` : take} ${tensor}`;
}

/** As a value is written in JSON. */
function typeOf(datatype: Datatype): FeatureMetadata['type'] {
  if (datatype === 'BYTES') return 'string';
  if (datatype === 'BOOL') return 'boolean';
  return isFloat(datatype) ? 'number' : 'integer';
}

/** The values of the reference data: without one, nobody knows them. */
function seenIn(baseline: FeatureBaseline | undefined): Pick<FeatureMetadata, 'categories' | 'range'> {
  if (baseline === undefined) return {};
  const { bins } = baseline;
  if (bins.kind === 'categorical') return { categories: [...bins.categories] };
  return bins.range === null ? {} : { range: [...bins.range] };
}
