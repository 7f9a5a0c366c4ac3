// The small model of the latency and throughput sections: an input of 3 KB, a run of a tenth of a millisecond.
import type { BenchModel, ModelShelf } from '../models.ts';
import { hasZoo } from '../zoo.ts';

/** MNIST-8 (784 floats in), or where there is no zoo a MatMul with as large an input. */
export function smallModel(models: ModelShelf): Promise<BenchModel> {
  return hasZoo ? models.zoo('mnist-8', 'test_data_set_0') : models.matmul(2.34375);
}
