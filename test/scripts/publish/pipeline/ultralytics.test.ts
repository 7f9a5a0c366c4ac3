// What the metadata of an export say, as Ultralytics writes them.
import { describe, expect, test } from 'vitest';
import { exportSteps, readUltralytics } from '../../../../scripts/publish/pipeline/ultralytics.ts';

function read(metadata: Readonly<Record<string, string>>) {
  return readUltralytics({ metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })) as never });
}

const usual = {
  ...{ author: 'Ultralytics', task: 'detect', stride: '32', batch: '1', imgsz: '[480, 640]' },
  names: `{0: 'person', 1: "driver's cab", 2: 'it\\'s'}`,
};

describe('the metadata of an export', () => {
  test('name task, classes and size', () => {
    expect(read(usual)).toEqual({
      ...{ task: 'detect', names: ['person', "driver's cab", "it's"], size: [480, 640], isSuppressed: false },
    });
  });

  test('of YOLOv5 name classes alone', () => {
    expect(read({ stride: '32', names: "['a', 'b']" })).toEqual({
      task: null,
      names: ['a', 'b'],
      size: null,
      isSuppressed: false,
    });
  });

  test.each([
    ['end2end', { end2end: 'True' }],
    ['nms', { args: "{'batch': 1, 'nms': True}" }],
  ])('tell that %s is in the graph', (_, more) => {
    expect(read({ ...usual, ...more })?.isSuppressed).toBe(true);
  });

  test('of another model are none', () => {
    expect(read({ names: 'anything' })).toBeNull();
  });

  test.each([
    ['names', { names: "{1: 'a'}" }],
    ['names', { names: '{0: a}' }],
    ['names', { names: '{}' }],
    ['imgsz', { imgsz: 'large' }],
  ])('that cannot be read are refused: %s', (name, more) => {
    expect(() => read({ ...usual, ...more })).toThrow(`the metadata '${name}' of the model`);
  });
});

describe('pictures for an export', () => {
  test('of a detector are letterboxed', () => {
    const steps = exportSteps({ task: 'detect', names: [], size: [480, 640], isSuppressed: false });
    expect(steps?.map(({ step }) => step)).toEqual([
      { step: 'colour', to: 'rgb' },
      { step: 'resize', fit: 'letterbox', height: 480, width: 640, filter: 'bilinear', value: 114 },
      { step: 'scale', by: 1 / 255 },
    ]);
  });

  test('of a classifier are cut from the centre', () => {
    const steps = exportSteps({ task: 'classify', names: [], size: [224, 224], isSuppressed: false });
    expect(steps?.map(({ step }) => step.step)).toEqual(['colour', 'resize', 'crop', 'scale']);
  });

  test('of other tasks are not known', () => {
    expect(exportSteps({ task: 'segment', names: [], size: [640, 640], isSuppressed: false })).toBeNull();
  });
});
