//! Server SDK: what a Rust game server links to run on GSE.
