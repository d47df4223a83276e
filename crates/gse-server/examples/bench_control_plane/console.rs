//! How long the console takes for each of its pages beside ten thousand sessions.

use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use gse_api::admission::AuthMode;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::Failure;
use crate::service::Service;

/// How often each page is asked for.
const TIMES: usize = 41;
/// What a page may take, as the median.
const MOST: Duration = Duration::from_millis(50);

/// Fills a service and asks it for each page. The median and the worst of each are printed.
pub(crate) async fn run(sessions: usize, directory: &Path) -> Result<(), Failure> {
    let service = Service::start_with(directory, sessions + 20, AuthMode::Off).await?;
    service.fill(sessions).await?;
    service.settle().await;
    let fleet = service.fleet.clone();
    let (session, instance) = service
        .engine
        .query(|state, _| {
            let session = state.game_server_sessions.values().next().cloned();
            session.map(|session| (session.id.to_string(), session.instance.to_string()))
        })
        .await?
        .ok_or("there are sessions")?;
    let of_fleet = format!("/console/fleets/{fleet}");
    let next = next_page(&service.router, &format!("{of_fleet}/sessions")).await?;
    let pages = [
        "/console/start".to_owned(),
        "/console/fleets".to_owned(),
        "/console/aliases".to_owned(),
        "/console/assets".to_owned(),
        "/console/queues".to_owned(),
        "/console/quotas".to_owned(),
        format!("{of_fleet}/basics"),
        format!("{of_fleet}/events"),
        format!("{of_fleet}/instances"),
        format!("{of_fleet}/scaling"),
        format!("{of_fleet}/sessions"),
        format!("{of_fleet}/sessions?status=ACTIVE"),
        format!("{of_fleet}/sessions?status=ERROR"),
        next,
        format!("{of_fleet}/processes"),
        format!("/console/session?id={}", escaped(&session)),
        format!("/console/instance?id={instance}"),
        format!("/console/instance?id={instance}&process={instance}-0"),
        "/console/explorer".to_owned(),
    ];
    println!("console pages beside {sessions} live sessions, {TIMES} times each: median, worst, bytes");
    let mut slow = 0;
    for page in pages {
        let mut took = Vec::with_capacity(TIMES);
        let mut bytes = 0;
        for _ in 0..TIMES {
            let since = Instant::now();
            bytes = get(&service.router, &page).await?.len();
            took.push(since.elapsed());
        }
        took.sort();
        let (median, worst) = (took[TIMES / 2], took[TIMES - 1]);
        slow += usize::from(median > MOST);
        let mark = if median > MOST { "  too slow" } else { "" };
        println!("  {:>8.2} ms {:>8.2} ms {bytes:>7}  {}{mark}", ms(median), ms(worst), shown(&page));
    }
    if slow > 0 { Err(format!("{slow} pages take more than {MOST:?}").into()) } else { Ok(()) }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn shown(page: &str) -> String {
    page.chars().take(90).collect()
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

/// The second page of a list.
async fn next_page(router: &Router, page: &str) -> Result<String, Failure> {
    let text = get(router, page).await?;
    let link = text.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
    Ok(link.ok_or("a list of so many has a second page")?.replace("&amp;", "&"))
}

async fn get(router: &Router, page: &str) -> Result<String, Failure> {
    let request = Request::get(page).header("Host", "localhost").body(Body::empty())?;
    let response = router.clone().oneshot(request).await?;
    let status = response.status();
    let text = String::from_utf8(response.into_body().collect().await?.to_bytes().to_vec())?;
    if status == StatusCode::OK { Ok(text) } else { Err(format!("{page} answers {status}: {text}").into()) }
}
