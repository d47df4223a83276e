//! A session is activated once.

async fn wrong(ready: &mut gse_sdk::Ready) {
    let starting = ready.next_session().await.unwrap();
    let _session = starting.activate().await;
    let _again = starting.activate().await;
}

fn main() {}
