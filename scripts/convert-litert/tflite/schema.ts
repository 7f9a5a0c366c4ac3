// The part of TensorFlow Lite's schema that is written here: numbers of types and operators, and the fields of their options in the
// order of their slots.
// @see https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs

export const tensorTypes = { FLOAT32: 0, INT32: 2, INT8: 9 } as const;

export type TensorTypeName = keyof typeof tensorTypes;

/** Padding of convolutions and pools. */
export const paddings = { SAME: 0, VALID: 1 } as const;

/** What an operator may do to its output before it writes it. */
export const activations = { NONE: 0, RELU: 1, RELU6: 3 } as const;

export type Activation = keyof typeof activations;

type FieldType = 'int8' | 'int32' | 'float32' | 'int32s';

interface OptionField {
  readonly slot: number;
  readonly type: FieldType;
  /** Not written where the value is this one. */
  readonly otherwise?: number;
}

export interface OptionsTable {
  /** Its place in the union BuiltinOptions. */
  readonly union: number;
  readonly slots: number;
  readonly fields: Readonly<Record<string, OptionField>>;
}

const activationOnly = (union: number): OptionsTable => ({
  union,
  slots: 1,
  fields: { activation: { slot: 0, type: 'int8' } },
});

export interface Operator {
  readonly code: number;
  readonly options?: OptionsTable;
}

export const operators = {
  ADD: { code: 0, options: activationOnly(11) },
  AVERAGE_POOL_2D: { code: 1, options: poolOptions() },
  CONCATENATION: {
    code: 2,
    options: {
      union: 10,
      slots: 2,
      fields: { axis: { slot: 0, type: 'int32' }, activation: { slot: 1, type: 'int8' } },
    },
  },
  CONV_2D: {
    code: 3,
    options: {
      union: 1,
      slots: 6,
      fields: {
        padding: { slot: 0, type: 'int8' },
        strideWidth: { slot: 1, type: 'int32' },
        strideHeight: { slot: 2, type: 'int32' },
        activation: { slot: 3, type: 'int8' },
        dilationWidth: { slot: 4, type: 'int32', otherwise: 1 },
        dilationHeight: { slot: 5, type: 'int32', otherwise: 1 },
      },
    },
  },
  DEPTHWISE_CONV_2D: {
    code: 4,
    options: {
      union: 2,
      slots: 7,
      fields: {
        padding: { slot: 0, type: 'int8' },
        strideWidth: { slot: 1, type: 'int32' },
        strideHeight: { slot: 2, type: 'int32' },
        depthMultiplier: { slot: 3, type: 'int32' },
        activation: { slot: 4, type: 'int8' },
        dilationWidth: { slot: 5, type: 'int32', otherwise: 1 },
        dilationHeight: { slot: 6, type: 'int32', otherwise: 1 },
      },
    },
  },
  DEPTH_TO_SPACE: { code: 5, options: { union: 94, slots: 1, fields: { blockSize: { slot: 0, type: 'int32' } } } },
  DEQUANTIZE: { code: 6 },
  FULLY_CONNECTED: {
    code: 9,
    options: {
      union: 8,
      slots: 3,
      fields: { activation: { slot: 0, type: 'int8' }, keepDimensions: { slot: 2, type: 'int8' } },
    },
  },
  LOGISTIC: { code: 14 },
  MAX_POOL_2D: { code: 17, options: poolOptions() },
  MUL: { code: 18, options: activationOnly(21) },
  RELU: { code: 19 },
  RELU6: { code: 21 },
  RESHAPE: { code: 22, options: { union: 17, slots: 1, fields: { newShape: { slot: 0, type: 'int32s' } } } },
  RESIZE_BILINEAR: { code: 23, options: resizeOptions(15, 2) },
  SOFTMAX: { code: 25, options: { union: 9, slots: 1, fields: { beta: { slot: 0, type: 'float32' } } } },
  SPACE_TO_DEPTH: { code: 26, options: { union: 19, slots: 1, fields: { blockSize: { slot: 0, type: 'int32' } } } },
  TANH: { code: 28 },
  PAD: { code: 34 },
  TRANSPOSE: { code: 39 },
  MEAN: { code: 40, options: reducerOptions() },
  SUB: { code: 41, options: activationOnly(28) },
  DIV: { code: 42, options: activationOnly(29) },
  EXP: { code: 47 },
  MAXIMUM: { code: 55 },
  MINIMUM: { code: 57 },
  NEG: { code: 59 },
  PADV2: { code: 60 },
  SLICE: { code: 65 },
  LOG: { code: 73 },
  SUM: { code: 74, options: reducerOptions() },
  SQRT: { code: 75 },
  POW: { code: 78 },
  REDUCE_MAX: { code: 82, options: reducerOptions() },
  REDUCE_MIN: { code: 89, options: reducerOptions() },
  RESIZE_NEAREST_NEIGHBOR: { code: 97, options: resizeOptions(74, 0) },
  LEAKY_RELU: { code: 98, options: { union: 75, slots: 1, fields: { alpha: { slot: 0, type: 'float32' } } } },
  ABS: { code: 101 },
  CEIL: { code: 104 },
  FLOOR: { code: 8 },
  ELU: { code: 111 },
  QUANTIZE: { code: 114 },
  HARD_SWISH: { code: 117 },
  BATCH_MATMUL: { code: 126, options: { union: 101, slots: 3, fields: {} } },
} as const satisfies Readonly<Record<string, Operator>>;

export type OperatorName = keyof typeof operators;

export type OptionValues = Readonly<Record<string, number | readonly number[]>>;

function poolOptions() {
  return {
    union: 5,
    slots: 6,
    fields: {
      padding: { slot: 0, type: 'int8' },
      strideWidth: { slot: 1, type: 'int32' },
      strideHeight: { slot: 2, type: 'int32' },
      filterWidth: { slot: 3, type: 'int32' },
      filterHeight: { slot: 4, type: 'int32' },
      activation: { slot: 5, type: 'int8' },
    },
  } as const;
}

function resizeOptions(union: number, first: number) {
  return {
    union,
    slots: first + 2,
    fields: { alignCorners: { slot: first, type: 'int8' }, halfPixelCenters: { slot: first + 1, type: 'int8' } },
  } as const;
}

function reducerOptions() {
  return { union: 27, slots: 1, fields: { keepDimensions: { slot: 0, type: 'int8' } } } as const;
}
