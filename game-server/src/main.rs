//! The sample game server: QUIC, a fixed tick, gse-sdk.

fn main() {}
