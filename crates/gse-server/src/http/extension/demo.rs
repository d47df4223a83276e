//! The console's wizard (operations.md 8.1): its package, its fleet, and where it stands. It makes what it makes by the
//! routes of the cloud API, so quotas, checks and events are those of any other asset and fleet.

use std::io;

use gse_api::extension::{DemoResource, UpdateDemoResourceRequest};
use gse_api::types as wire;
use gse_api::{ApiError, ErrorCode};
use gse_core::asset::DEFAULT_SYSTEM;
use gse_core::demo::{self, CompleteDemo, CreateDemoAsset, CreateDemoFleet, Progress, Standing, UpdateDemo};
use gse_core::fleet::FleetStatus;
use gse_core::id::{BucketName, GameServerSessionId, Scope};
use gse_store::Upload;

use super::{refusal, unanswered};
use crate::demo::{DemoError, PROGRAM, find, write};
use crate::engine::SubmitError;
use crate::http::{Api, Call, convert, routes};

/// What assets and fleets of the wizard are called.
const NAME: &str = "demo";
/// C-D1: a chat room, which browsers reach too, and which the button of the client page may end.
const PARAMETERS: &str = "--host lobby --web --players-may-end";
// C-D3. TCP as it says, and UDP because the game server's clients and WebTransport speak QUIC (R110).
const PROCESSES: u64 = 10;
const ACTIVATION_TIMEOUT_S: u64 = 600;
const PORTS: (u64, u64) = (1025, 60_000);
const SCALING_INTERVAL_MINUTES: u32 = 3;

pub(super) async fn describe(api: &Api, scope: &Scope) -> Result<DemoResource, ApiError> {
    let standing = stand(api, scope).await?;
    to_wire(api, standing).await
}

pub(super) async fn update(
    api: &Api,
    scope: Scope,
    request_id: &str,
    request: UpdateDemoResourceRequest,
) -> Result<DemoResource, ApiError> {
    let UpdateDemoResourceRequest { step, game_server_session_id, complete } = request;
    let session = game_server_session_id.map(GameServerSessionId::new);
    let standing = if complete {
        if step.is_some() || session.is_some() {
            let message = "`Complete` begins a new round; no other member goes with it.";
            return Err(ApiError::new(ErrorCode::InvalidParameter, message));
        }
        api.engine.submit(request_id, CompleteDemo { scope }).await
    } else {
        let progress = Progress { step, session, ..Progress::default() };
        api.engine.submit(request_id, UpdateDemo { scope, progress }).await
    };
    let standing = standing.map_err(|error| match error {
        SubmitError::Refused(reason) => refusal(&reason),
        stopped => unanswered(stopped),
    })?;
    to_wire(api, standing).await
}

/// Step 1. `call` is one of CreateAsset.
pub(super) async fn create_asset(call: &Call<'_>) -> Result<DemoResource, ApiError> {
    let api = call.api;
    let standing = stand(api, &call.scope).await?;
    if standing.asset.is_some() {
        return to_wire(api, standing).await;
    }
    let found = package(api).await.map_err(|error| {
        tracing::warn!(
            request_id = call.request_id,
            error = &error as &dyn std::error::Error,
            "there is no demo package"
        );
        ApiError::new(ErrorCode::ResourceUnavailable, error.told())
    })?;
    let bucket_key = format!("{NAME}/{}.zip", env!("CARGO_PKG_VERSION"));
    let asset_region = call.scope.region.to_string();
    // The quota is asked, and the bucket is there after it.
    let upload = wire::GetUploadCredentialsRequest { asset_region, bucket_key };
    routes::upload(call, upload.clone()).await?;
    let Some(_room) = api.gate.upload() else {
        let text = "the service receives as many objects as it can; try again later";
        return Err(ApiError::new(ErrorCode::ResourceUnavailable, text));
    };
    let (blobs, bucket, key) = (api.blobs.clone(), BucketName::of(&call.scope), upload.bucket_key.clone());
    let most = api.config.max_object_bytes;
    let put = tokio::task::spawn_blocking(move || {
        let mut object = blobs.begin(bucket.as_str(), &key, most).map_err(|error| error.to_string())?;
        write(&found, Appended(&mut object)).map_err(|error| error.to_string())?;
        object.finish().map_err(|error| error.to_string())
    });
    let put = put.await.unwrap_or_else(|panic| Err(panic.to_string()));
    if let Err(error) = put {
        tracing::error!(request_id = call.request_id, error, "the demo package was not uploaded");
        let text = "the demo package cannot be uploaded now; the log of the service says why";
        return Err(ApiError::new(ErrorCode::ResourceUnavailable, text));
    }
    let request = wire::CreateAssetRequest {
        asset_name: NAME.to_owned(),
        asset_version: env!("CARGO_PKG_VERSION").to_owned(),
        asset_region: upload.asset_region,
        bucket_key: upload.bucket_key,
        operate_system: DEFAULT_SYSTEM.to_owned(),
        image_id: None,
        tags: None,
    };
    // Whoever was as quick finds what the first one made.
    let standing = routes::create_asset(call, request, |create| CreateDemoAsset { create }).await?;
    to_wire(api, standing).await
}

/// Step 2. `call` is one of CreateFleet.
pub(super) async fn create_fleet(call: &Call<'_>) -> Result<DemoResource, ApiError> {
    let standing = stand(call.api, &call.scope).await?;
    if standing.fleet.as_ref().is_some_and(|(_, status)| *status != FleetStatus::Error) {
        return to_wire(call.api, standing).await;
    }
    let Some(asset) = standing.asset else {
        let message = "There is no demo package in this region yet.\nhint: call `CreateAssetAuto` first";
        return Err(ApiError::new(ErrorCode::ResourceNotFound, message));
    };
    let create = convert::fleet::create(fleet_request(asset.as_str()), call.scope.clone());
    let scaling_interval_minutes = SCALING_INTERVAL_MINUTES;
    let standing = call.submit(CreateDemoFleet { create, scaling_interval_minutes }).await?;
    to_wire(call.api, standing).await
}

/// C-D3.
fn fleet_request(asset: &str) -> wire::CreateFleetRequest {
    let port = |protocol: &str| wire::InboundPermissionInput {
        from_port: Some(PORTS.0),
        to_port: Some(PORTS.1),
        protocol: Some(protocol.to_owned()),
        ip_range: Some("0.0.0.0/0".to_owned()),
    };
    let process = wire::ServerProcesseInput {
        concurrent_executions: Some(PROCESSES),
        launch_path: Some(format!("/local/game/{PROGRAM}")),
        parameters: Some(PARAMETERS.to_owned()),
    };
    wire::CreateFleetRequest {
        asset_id: Some(asset.to_owned()),
        name: Some(NAME.to_owned()),
        instance_type: Some("S5.LARGE8".to_owned()),
        inbound_permissions: Some(vec![port("TCP"), port("UDP")]),
        new_game_server_session_protection_policy: Some("NoProtection".to_owned()),
        runtime_configuration: Some(wire::RuntimeConfigurationInput {
            server_processes: Some(vec![process]),
            game_server_session_activation_timeout_seconds: Some(ACTIVATION_TIMEOUT_S),
            ..Default::default()
        }),
        ..Default::default()
    }
}

async fn stand(api: &Api, scope: &Scope) -> Result<Standing, ApiError> {
    let scope = scope.clone();
    api.engine.query(move |state, _now| demo::standing(state, &scope)).await.map_err(unanswered)
}

/// The package, or why there is none.
async fn package(api: &Api) -> Result<crate::demo::Package, DemoError> {
    let path = api.config.demo_package.clone();
    let found = tokio::task::spawn_blocking(move || find(path.as_deref())).await;
    found.expect("looking at a file does not panic")
}

/// An object that what is written is appended to; its limit refuses what is too much.
struct Appended<'a>(&'a mut Upload);

impl io::Write for Appended<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn to_wire(api: &Api, standing: Standing) -> Result<DemoResource, ApiError> {
    let Standing { step, asset, fleet, session } = standing;
    let package_missing = package(api).await.err().map(|error| error.told()).unwrap_or_default();
    let (fleet_id, fleet_status) = match fleet {
        Some((id, status)) => (id.to_string(), status.to_string()),
        None => Default::default(),
    };
    Ok(DemoResource {
        step,
        asset_id: asset.map(|id| id.to_string()).unwrap_or_default(),
        fleet_id,
        fleet_status,
        game_server_session_id: session.map(|id| id.to_string()).unwrap_or_default(),
        package_missing,
    })
}
