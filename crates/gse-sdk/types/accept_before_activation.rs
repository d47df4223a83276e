//! Players are accepted by an active session only.

async fn wrong(ready: &mut gse_sdk::Ready) {
    let starting = ready.next_session().await.unwrap();
    starting.accept_player_session("psess-1").await.unwrap();
}

fn main() {}
