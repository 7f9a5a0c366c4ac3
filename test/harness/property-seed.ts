// Properties draw new examples on every run here and the same ones in CI, so that a change is judged by what it changed.
import fc from 'fast-check';

if (process.env.CI !== undefined) fc.configureGlobal({ seed: 20261123 });
