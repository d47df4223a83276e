//! Pages that follow what they show: a stream of server-sent events tells the script when a page would look different.
//!
//! Whatever changed, the page itself is read again; so there is no second way to show anything.

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::stream;
use tokio::time::Instant;

use crate::Stopping;
use crate::page::{Outcome, text_response};
use crate::pages;
use crate::visit::{Visit, pairs, within};

/// How often a page is looked at.
const PERIOD: Duration = Duration::from_secs(2);
/// How long one stream lasts; browsers come again by themselves.
const LENGTH: Duration = Duration::from_secs(30);

/// The events of the page that `page` names.
pub(crate) fn follow(mut v: Visit) -> Response {
    let Some(page) = v.asked("page").and_then(within).map(str::to_owned) else {
        return text_response("text/plain; charset=utf-8", "");
    };
    let (path, query) = page.split_once('?').unwrap_or((&page, ""));
    v.path = path.to_owned();
    v.query = pairs(query);
    let end = Instant::now() + LENGTH;
    let events = stream::unfold((v, None), move |(v, seen)| next(v, seen, end));
    text_response("text/event-stream", Body::from_stream(events))
}

async fn next(
    mut v: Visit,
    seen: Option<u64>,
    end: Instant,
) -> Option<(Result<Bytes, Infallible>, (Visit, Option<u64>))> {
    let Some(before) = seen else {
        let now = look(&v).await?;
        // Read again at once, so that nothing between the page and the stream is missed.
        return Some((Ok(Bytes::from_static(b"retry: 2000\ndata: changed\n\n")), (v, Some(now))));
    };
    if Instant::now() >= end {
        return None;
    }
    let stopping = v.stopping.clone();
    tokio::select! {
        () = tokio::time::sleep(PERIOD) => {}
        () = stops(stopping) => return None,
    }
    v.cloud.now += PERIOD.as_secs().cast_signed();
    let now = look(&v).await?;
    // A line that says nothing shows whether somebody still listens.
    let event = if now == before { ": \n\n" } else { "data: changed\n\n" };
    Some((Ok(Bytes::from_static(event.as_bytes())), (v, Some(now))))
}

/// Completes when the service stops, so that a stream does not use up the time that it has for that.
async fn stops(stopping: Option<Stopping>) {
    match stopping {
        // The sender may be gone: then the service is.
        Some(Stopping(mut told)) => drop(told.wait_for(|&stops| stops).await),
        None => std::future::pending().await,
    }
}

/// What a page looks like; `None` when there is none.
async fn look(v: &Visit) -> Option<u64> {
    let Ok(Outcome::Page(page)) = pages::show(v).await else { return None };
    let mut hasher = DefaultHasher::new();
    without_clocks(&page.body.into_string()).hash(&mut hasher);
    page.is_live.then(|| hasher.finish())
}

/// What is no news: running times, addresses that are signed anew each time, and text that counts the seconds.
const STILL: [&str; 3] =
    ["<span data-since=", "<a class=\"button\" data-still", "<bdi class=\"user\" data-still"];

/// Without what is no news.
fn without_clocks(body: &str) -> String {
    let mut kept = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = STILL.iter().filter_map(|still| rest.find(still)).min() {
        kept += &rest[..at];
        rest = rest[at..].split_once('>').map_or("", |(_, rest)| rest);
        rest = rest.find("</").map_or("", |end| &rest[end..]);
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::without_clocks;

    #[test]
    fn clocks_are_no_news() {
        let page = |seconds: &str, state: &str| {
            without_clocks(&format!("<p>{state} <span data-since=\"1\">{seconds}</span> x</p>"))
        };
        assert_eq!(page("07s", "ACTIVE"), page("09s", "ACTIVE"));
        assert_ne!(page("07s", "ACTIVE"), page("07s", "ERROR"));
        let still = |seconds: &str| {
            crate::html::still(&format!("waits for {seconds}")).into_string()
                + &crate::html::plain("x").into_string()
        };
        assert_eq!(without_clocks(&still("7 s")), without_clocks(&still("9 s")));
        // That there is something is news.
        assert_ne!(without_clocks(&still("7 s")), without_clocks(""));
    }
}
