//! A process hosts one session at a time.

async fn wrong(ready: &mut gse_sdk::Ready) {
    let first = ready.next_session().await.unwrap();
    let second = ready.next_session().await.unwrap();
    first.activate().await.unwrap();
    second.activate().await.unwrap();
}

fn main() {}
