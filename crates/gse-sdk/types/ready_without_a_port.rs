//! A process is not announced before it says where players connect.

async fn wrong() {
    gse_sdk::Sdk::builder().ready().await.unwrap();
}

fn main() {}
