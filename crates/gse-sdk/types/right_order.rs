//! The right order compiles, also for a task of its own.

use gse_sdk::{GseError, Sdk};

async fn life() -> Result<(), GseError> {
    let mut ready = Sdk::builder().client_port(3237).ready().await?;
    while let Some(starting) = ready.next_session().await {
        let session = starting.activate().await?;
        session.accept_player_session("psess-1").await?;
        session.terminate().await?;
    }
    ready.ending().await
}

fn is_send(_: impl Send + 'static) {}

pub(super) fn main() {
    is_send(life());
}
