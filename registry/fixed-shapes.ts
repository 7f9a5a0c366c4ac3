// Whether inputs have the shapes that a version's converted model takes: LiteRT runs those, onnxruntime all others.

interface Shaped {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * @example
 * haveShapes([{ name: 'x', shape: [2, 4] }], [{ name: 'x', shape: [1, 4] }]) // false
 *
 * @param wanted of the manifest: `runtime.litert.inputs`
 */
export function haveShapes(inputs: readonly Shaped[], wanted: readonly Shaped[]): boolean {
  return (
    inputs.length === wanted.length &&
    wanted.every(({ name, shape }) => {
      const given = inputs.find((input) => input.name === name)?.shape;
      return given?.length === shape.length && shape.every((size, axis) => given[axis] === size);
    })
  );
}
