// The libraries that are compiled into onnxruntime-web's WASM, which its package does not list.

/** @see https://github.com/microsoft/onnxruntime/blob/main/cmake/deps.txt */
export const listedFor = '1.30.0';

export type Licence = 'MIT' | 'BSD-3-Clause' | 'Apache-2.0' | 'Apache-2.0 WITH LLVM-exception' | 'MPL-2.0' | 'BSL-1.0';

export interface CompiledIn {
  readonly name: string;
  readonly source: string;
  readonly licence: Licence;
  readonly copyright: string;
}

export const onnxruntime: CompiledIn = {
  name: 'ONNX Runtime',
  source: 'https://github.com/microsoft/onnxruntime',
  licence: 'MIT',
  copyright: 'Copyright (c) Microsoft Corporation',
};

/** Libraries that the WASM build links or includes; tools and execution providers that it leaves out are not listed. */
export const compiledIn: readonly CompiledIn[] = [
  {
    name: 'Abseil',
    source: 'https://github.com/abseil/abseil-cpp',
    licence: 'Apache-2.0',
    copyright: 'Copyright The Abseil Authors',
  },
  {
    name: 'Boost.Mp11',
    source: 'https://github.com/boostorg/mp11',
    licence: 'BSL-1.0',
    copyright: 'Copyright Peter Dimov and contributors',
  },
  {
    name: 'date',
    source: 'https://github.com/HowardHinnant/date',
    licence: 'MIT',
    copyright: 'Copyright (c) Howard Hinnant and contributors',
  },
  {
    name: 'Eigen',
    source: 'https://gitlab.com/libeigen/eigen',
    licence: 'MPL-2.0',
    copyright: 'Copyright The Eigen Authors',
  },
  {
    name: 'Emscripten',
    source: 'https://github.com/emscripten-core/emscripten',
    licence: 'MIT',
    copyright: 'Copyright (c) 2010-2014 Emscripten authors',
  },
  {
    name: 'FlatBuffers',
    source: 'https://github.com/google/flatbuffers',
    licence: 'Apache-2.0',
    copyright: 'Copyright Google Inc.',
  },
  {
    name: 'Guidelines Support Library',
    source: 'https://github.com/microsoft/GSL',
    licence: 'MIT',
    copyright: 'Copyright (c) 2015 Microsoft Corporation. All rights reserved.',
  },
  {
    name: 'JSON for Modern C++',
    source: 'https://github.com/nlohmann/json',
    licence: 'MIT',
    copyright: 'Copyright (c) Niels Lohmann',
  },
  {
    name: 'libc++, libc++abi and compiler-rt',
    source: 'https://github.com/llvm/llvm-project',
    licence: 'Apache-2.0 WITH LLVM-exception',
    copyright: 'Copyright the LLVM project authors',
  },
  {
    name: 'musl',
    source: 'https://musl.libc.org',
    licence: 'MIT',
    copyright: 'Copyright (c) 2005-2020 Rich Felker, et al.',
  },
  {
    name: 'ONNX',
    source: 'https://github.com/onnx/onnx',
    licence: 'Apache-2.0',
    copyright: 'Copyright (c) ONNX Project Contributors',
  },
  {
    name: 'Protocol Buffers',
    source: 'https://github.com/protocolbuffers/protobuf',
    licence: 'BSD-3-Clause',
    copyright: 'Copyright 2008 Google Inc. All rights reserved.',
  },
  {
    name: 'RE2',
    source: 'https://github.com/google/re2',
    licence: 'BSD-3-Clause',
    copyright: 'Copyright (c) 2009 The RE2 Authors. All rights reserved.',
  },
  {
    name: 'SafeInt',
    source: 'https://github.com/dcleblanc/SafeInt',
    licence: 'MIT',
    copyright: 'Copyright (c) 2018 Microsoft',
  },
  {
    name: 'utf8_range',
    source: 'https://github.com/protocolbuffers/utf8_range',
    licence: 'MIT',
    copyright: 'Copyright (c) 2019 Yibo Cai',
  },
];
