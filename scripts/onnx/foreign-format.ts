// Names the files that get saved as .onnx by mistake, so that a person is told what they have instead of "protobuf parsing failed".
// No ONNX file starts like any of these: a model's first byte is a protobuf tag, in practice 0x08 (ir_version).

interface Signature {
  readonly offset: number;
  readonly magic: string;
  readonly name: string;
}

/** What leads on from weights in a framework's own form. */
const exportFirst = 'export it to ONNX first, see docs/from-your-framework.md';

/** One character of `magic` is one byte. */
const signatures: readonly Signature[] = [
  { offset: 0, magic: '\x1f\x8b', name: 'a gzip file (unpack it first)' },
  { offset: 0, magic: '\x28\xb5\x2f\xfd', name: 'a Zstandard file (unpack it first)' },
  { offset: 0, magic: 'BZh', name: 'a bzip2 file (unpack it first)' },
  { offset: 0, magic: '\xfd7zXZ\0', name: 'an xz file (unpack it first)' },
  {
    offset: 0,
    magic: 'PK\x03\x04',
    name: `a ZIP file (an archive, or a model that PyTorch, Keras or NumPy has saved: ${exportFirst})`,
  },
  { offset: 257, magic: 'ustar', name: 'a tar archive (unpack it first)' },
  { offset: 0, magic: '\x89HDF\r\n\x1a\n', name: `an HDF5 file (a model that Keras has saved? ${exportFirst})` },
  { offset: 0, magic: '\x93NUMPY', name: 'a NumPy array' },
  { offset: 0, magic: '\x80\x02', name: `a Python pickle (${exportFirst})` },
  { offset: 0, magic: '\x80\x03', name: `a Python pickle (${exportFirst})` },
  { offset: 0, magic: '\x80\x04', name: `a Python pickle (${exportFirst})` },
  { offset: 0, magic: '\x80\x05', name: `a Python pickle (${exportFirst})` },
  { offset: 4, magic: 'TFL3', name: `a TensorFlow Lite model (${exportFirst})` },
  { offset: 4, magic: 'ORTM', name: "a model in ONNX Runtime's ORT format" },
  { offset: 0, magic: 'GGUF', name: `a GGUF model (${exportFirst})` },
  { offset: 8, magic: '{"', name: `a safetensors file (${exportFirst})` },
  { offset: 0, magic: '\x89PNG\r\n\x1a\n', name: 'a PNG image' },
  { offset: 0, magic: '\xff\xd8\xff', name: 'a JPEG image' },
  { offset: 0, magic: 'GIF8', name: 'a GIF image' },
  { offset: 0, magic: '%PDF-', name: 'a PDF document' },
  { offset: 0, magic: '\x7fELF', name: 'an ELF program' },
  { offset: 0, magic: '\0asm', name: 'a WebAssembly module' },
  { offset: 0, magic: '\xff\xfe', name: 'UTF-16 text' },
  { offset: 0, magic: '\xfe\xff', name: 'UTF-16 text' },
];

/** How much of a file the signatures reach, and enough to see that a file is text. */
const headBytes = 512;

/**
 * Says what a file is that is not an ONNX model.
 *
 * @returns words that follow "got", or null if the file may be a model
 */
export function nameForeignFormat(bytes: Uint8Array): string | null {
  // latin1 maps bytes to characters one to one, whatever they are.
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, headBytes)).toString('latin1');
  for (const { offset, magic, name } of signatures) {
    if (head.startsWith(magic, offset)) return name;
  }
  return nameText(head);
}

function nameText(head: string): string | null {
  const text = head.replace(/^\xef\xbb\xbf/, '').trimStart();
  if (text.startsWith('version https://git-lfs')) {
    return 'a Git LFS pointer: the model itself was not downloaded (git lfs pull)';
  }
  if (/^<(!doctype|html|head|body)/i.test(text)) return 'an HTML page (a failed download?)';
  if (text.startsWith('<?xml') || /^<[a-z]+[ >]/i.test(text)) return 'an XML document';
  if (/^[{[]\s*["{[\]}]/.test(text)) return 'JSON (a failed download?)';
  // A model has control characters from its first byte on.
  if (text.length > 0 && /^[\t\n\r\x20-\x7e\x80-\xff]*$/.test(head)) return 'plain text';
  return null;
}
