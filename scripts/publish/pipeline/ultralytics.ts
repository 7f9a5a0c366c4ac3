// What an export of Ultralytics says of itself in the metadata of its ONNX file: task, classes, size of the input.
// @see https://docs.ultralytics.com/integrations/onnx/
import { invalid } from '../../../registry/errors.ts';
import type { OnnxModel } from '../../onnx/model-file.ts';
import type { FoundStep } from './image-processor.ts';

export interface UltralyticsExport {
  /** As the file has it, `detect` for one; null in exports of YOLOv5, which have classes only. */
  readonly task: string | null;
  /** By their numbers. */
  readonly names: readonly string[];
  /** Height and width of the input; null where the file does not say it. */
  readonly size: readonly [height: number, width: number] | null;
  /** Boxes have gone through non-maximum suppression in the graph. */
  readonly isSuppressed: boolean;
}

/**
 * @returns null for a model that is no such export
 * @throws {PopserveError} INVALID_ARGUMENT for names or sizes that cannot be read
 */
export function readUltralytics({ metadataProps }: Pick<OnnxModel, 'metadataProps'>): UltralyticsExport | null {
  const said = new Map(metadataProps.map(({ key, value }) => [key, value]));
  const [names, stride] = [said.get('names'), said.get('stride')];
  // YOLOv5 writes these two and nothing else.
  if (names === undefined || stride === undefined) return null;
  const args = said.get('args') ?? '';
  return {
    task: said.get('task') ?? null,
    names: readNames(names),
    size: readSize(said.get('imgsz')),
    isSuppressed: said.get('end2end') === 'True' || /'nms': True/.test(args),
  };
}

const entry = /\s*(?:(\d+)\s*:\s*)?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*(,|$)/y;

/** Python's text of a dictionary by number, or of a list. */
function readNames(text: string): string[] {
  const inner = /^\s*[{[](.*)[}\]]\s*$/s.exec(text)?.[1] ?? '';
  const names: string[] = [];
  entry.lastIndex = 0;
  while (entry.lastIndex < inner.length) {
    const found = entry.exec(inner);
    const [, number, quoted = ''] = found ?? [];
    if (found === null || (number !== undefined && Number(number) !== names.length)) {
      throw invalid(
        `the metadata 'names' of the model cannot be read: expected {0: 'person', 1: …}, got ${text.slice(0, 80)}`,
      );
    }
    names.push(quoted.slice(1, -1).replace(/\\(.)/g, '$1'));
  }
  if (names.length === 0) throw invalid(`the metadata 'names' of the model has no classes: ${text.slice(0, 80)}`);
  return names;
}

function readSize(text: string | undefined): UltralyticsExport['size'] {
  if (text === undefined) return null;
  const [height = 0, width = height] = text.match(/\d+/g)?.map(Number) ?? [];
  if (height > 0 && width > 0) return [height, width];
  throw invalid(`the metadata 'imgsz' of the model cannot be read: expected [640, 640], got ${text.slice(0, 80)}`);
}

const frame = 114;
const filter = 'bilinear';

/** How Ultralytics prepares a picture for this export; null where the file does not say for which task and size. */
export function exportSteps({ task, size }: UltralyticsExport): FoundStep[] | null {
  if (size === null) return null;
  const [height, width] = size;
  const from = 'metadata of the model: imgsz';
  const scaled: FoundStep[] = [{ step: { step: 'scale', by: 1 / 255 }, from: "Ultralytics' own" }];
  const colour: FoundStep = { step: { step: 'colour', to: 'rgb' }, from: "Ultralytics' own" };
  if (task === 'detect') {
    return [
      colour,
      { step: { step: 'resize', fit: 'letterbox', height, width, filter, value: frame }, from },
      ...scaled,
    ];
  }
  if (task !== 'classify') return null;
  return [
    colour,
    { step: { step: 'resize', fit: 'shortest', size: Math.min(height, width), filter }, from },
    { step: { step: 'crop', height, width, margin: 'even' }, from },
    ...scaled,
  ];
}
