//! cargo xtask: flow, play, up, test, ci, codegen, tidy.

fn main() {}
