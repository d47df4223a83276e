//! Writes the committed generated code: gRPC stubs and cloud API types.

fn main() {}
