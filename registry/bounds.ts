// How much of each kind a stored document may hold. Generous: no real model comes near them. They keep the cost of checking a
// document, and the size of what is made of it, in proportion to models and not to what a caller can write into 1 MiB of JSON.
import * as z from 'zod';

/** Inputs, outputs and what is said of each of them; the same as a request may have. */
export const mostTensors = 4096;
/** Dimensions of a tensor. */
export const mostAxes = 64;
/** Size of one dimension: the runtime counts in 32 bits. */
export const mostSize = 2_147_483_647;
/** Elements of one list: features, labels of an output, elements of a sample input. */
export const mostEntries = 65_536;
/** Remarks for people: notes, warnings, requirements. */
export const mostRemarks = 1000;
/** Values of all kinds in one document. */
export const mostValues = 262_144;

/** A name of a tensor, a feature, a class or a file. Exporters write paths of modules into names: thousands of characters occur. */
export const nameText = z.string().max(16_384);
/** A text of the publisher's own, such as a model card. */
export const longText = z.string().max(262_144);
/** A sentence or paragraph for people. */
export const plainText = z.string().max(20_000);
