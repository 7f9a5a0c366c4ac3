// Conv: with one group, with a group for each channel (depthwise), and with any other number of groups.
import { filterPermutations } from '../layout.ts';
import type { Lowering } from '../lowering.ts';
import { Refusal } from '../refusal.ts';
import { integer, type SourceNode } from '../source-graph.ts';
import { activations } from '../tflite/schema.ts';
import { bias } from './bias.ts';
import type { Family } from './family.ts';
import { padded, strideOptions, windowOf } from './window.ts';

export const convolution: Family = { Conv: convolve };

function convolve(lowering: Lowering, node: SourceNode): void {
  const [input = '', filter = '', offsets = ''] = node.inputs;
  const [output = ''] = node.outputs;
  const [outputs = 0, groupInputs = 0, ...kernel] = lowering.shape(filter);
  const [, channels = 0] = lowering.shape(input);
  const window = windowOf(lowering, node, kernel);
  const groups = integer(node, 'group', 1);
  if (groups * groupInputs !== channels) throw new Refusal('Conv', 'its groups do not divide its channels');
  const isDepthwise = groups === channels && groups > 1;
  const permutation = isDepthwise ? filterPermutations.depthwise : filterPermutations.convolution;
  const inputs = [
    padded(lowering, node, window, null),
    lowering.filter(filter, node, permutation),
    bias(lowering, node, offsets, outputs),
  ];
  const [dilationHeight, dilationWidth] = window.dilations;
  const options = {
    ...strideOptions(window),
    activation: activations[node.activation],
    dilationWidth,
    dilationHeight,
  };
  if (!isDepthwise) lowering.write(output, 'channels last', 'CONV_2D', inputs, options);
  else {
    const depthMultiplier = outputs / channels;
    lowering.write(output, 'channels last', 'DEPTHWISE_CONV_2D', inputs, { ...options, depthMultiplier });
  }
}
