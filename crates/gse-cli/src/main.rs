//! The gse program: local, call, asset.

fn main() {}
