//! A session that has ended accepts nobody.

async fn wrong(session: gse_sdk::ActiveSession<'_>) {
    session.terminate().await.unwrap();
    session.accept_player_session("psess-1").await.unwrap();
}

fn main() {}
