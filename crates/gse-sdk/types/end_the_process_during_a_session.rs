//! The session ends before the process does.

async fn wrong(mut ready: gse_sdk::Ready) {
    let starting = ready.next_session().await.unwrap();
    ready.ending().await.unwrap();
    starting.activate().await.unwrap();
}

fn main() {}
