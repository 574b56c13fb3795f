//! Inputs that nobody would write, made from seeds: the rules that hold for every input.

mod sanitizer;
