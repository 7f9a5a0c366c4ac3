// What a request costs in processor time, beside a Worker that does only the run and one of onnxruntime-web's own API.
import { compareCheckouts } from '../against.ts';
import type { Section } from '../section.ts';

export const cost: Section = {
  name: 'cost',
  run: (context) => compareCheckouts(context, null),
};
