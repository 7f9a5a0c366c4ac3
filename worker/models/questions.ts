// What a person can ask a version by a form: a picture, a text, features by their names, or tensors as JSON.
import type { ModelMetadata } from '../../registry/api/metadata.ts';
import type { Manifest } from '../../registry/manifest.ts';
import { elementCount } from '../../registry/signature.ts';
import { featureMetadata } from './features.ts';

export type FeatureField = ModelMetadata['features'][number] & {
  /** A value of the reference data, or one that the model is known to take. */
  readonly example: string;
};

export type Question =
  | { readonly kind: 'picture' | 'text'; readonly task: string }
  | { readonly kind: 'features'; readonly fields: readonly FeatureField[] }
  /** A request's body that the model is known to take; empty where none is known. */
  | { readonly kind: 'tensors'; readonly example: string };

/** More fields are no form that anybody fills. */
const mostFields = 60;
/** Elements of an example in a text field. */
const mostElements = 2_000;

export function questionOf(manifest: Manifest): Question {
  const { pipeline } = manifest;
  if (pipeline !== undefined) return { kind: 'image' in pipeline ? 'picture' : 'text', task: pipeline.task };
  const features = featureMetadata(manifest);
  const isForm = features.length <= mostFields && features.every(({ shape }) => shape.length === 0);
  if (isForm && manifest.signature.inputs.length > 0) {
    return { kind: 'features', fields: features.map((feature) => ({ ...feature, example: exampleOf(feature) })) };
  }
  return { kind: 'tensors', example: exampleRequest(manifest) };
}

/** The body of a request with the examples of a form. */
export function exampleBody(question: Question): { readonly body: string; readonly contentType: string } | null {
  switch (question.kind) {
    case 'features': {
      const record = question.fields.map(
        ({ name, type, example }) =>
          `${JSON.stringify(name)}: ${type === 'string' ? JSON.stringify(example) : example}`,
      );
      return { body: `{"instances": [{${record.join(', ')}}]}`, contentType: 'application/json' };
    }
    case 'text':
      return { body: '{"inputs": "a text"}', contentType: 'application/json' };
    case 'tensors':
      if (question.example === '') return null;
      return { body: JSON.stringify(JSON.parse(question.example)), contentType: 'application/json' };
    case 'picture':
      return null;
  }
}

function exampleOf({ type, categories, range }: ModelMetadata['features'][number]): string {
  if (categories !== undefined) return categories[0] ?? '';
  if (type === 'boolean') return 'false';
  if (type === 'string') return '';
  if (range === undefined) return '0';
  const middle = (range[0] + range[1]) / 2;
  return type === 'integer' ? String(Math.round(middle)) : String(Number(middle.toPrecision(4)));
}

function exampleRequest({ warmup, signature }: Manifest): string {
  if (warmup === null) return '';
  const elements = warmup.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  if (elements > mostElements) return '';
  const inputs = warmup.map(({ name, shape, data }) => {
    const datatype = signature.inputs.find((input) => input.name === name)?.datatype ?? 'FP32';
    const zero = datatype === 'BYTES' ? '' : datatype === 'BOOL' ? false : 0;
    return { name, shape, datatype, data: data ?? new Array(elementCount(shape)).fill(zero) };
  });
  return JSON.stringify({ inputs }, null, 1);
}
