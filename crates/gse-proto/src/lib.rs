//! The gRPC contracts of GSE, generated and committed: messages, clients and servers. No logic.
//!
//! The sources are in `proto/`; `cargo run -p codegen` writes `src/generated/`, with `--check` it compares.
//! The contract is docs/spec/server-sdk.md, section 1; the tests hold its golden bytes and method paths.

/// Package `tencentcloud.gse.grpcsdk`: game server process and agent.
///
/// The agent serves [`GseGrpcSdkService`](grpcsdk::gse_grpc_sdk_service_server::GseGrpcSdkService);
/// a game server process serves
/// [`GameServerGrpcSdkService`](grpcsdk::game_server_grpc_sdk_service_server::GameServerGrpcSdkService).
#[rustfmt::skip] // the generator's layout is the committed one
#[allow(missing_docs, unreachable_pub, clippy::all)]
#[path = "generated/tencentcloud.gse.grpcsdk.rs"]
pub mod grpcsdk;

/// Package `opengse.agent.v1`: what a game server may tell beside the vendor's contract, on the agent's port.
#[rustfmt::skip] // the generator's layout is the committed one
#[allow(missing_docs, unreachable_pub, clippy::all)]
#[path = "generated/opengse.agent.v1.rs"]
pub mod timeline;

#[cfg(test)]
mod tests;
