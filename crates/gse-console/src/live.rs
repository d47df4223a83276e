//! Pages that follow what they show: a stream of server-sent events tells the script when a page would look different.
//!
//! Whatever changed, the page itself is read again; so there is no second way to show anything. A page carries a mark of
//! what it looks like, and the stream begins with it: what happens between the page and its stream is told at once. The
//! mark of what was told last is the id of its event, which a browser that comes again gives back.

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
const PERIOD: Duration = Duration::from_secs(1);
/// How long one stream lasts; browsers come again by themselves.
const LENGTH: Duration = Duration::from_secs(30);

/// The events of the page that `page` names, from the mark on that the browser was told last, or else that `seen` gives.
pub(crate) fn follow(mut v: Visit, told_last: Option<&str>) -> Response {
    let Some(page) = v.asked("page").and_then(within).map(str::to_owned) else {
        return text_response("text/plain; charset=utf-8", "");
    };
    let seen = told_last.or(v.asked("seen")).unwrap_or_default().to_owned();
    let (path, query) = page.split_once('?').unwrap_or((&page, ""));
    v.path = path.to_owned();
    v.query = pairs(query);
    let following = Following { v, seen, end: Instant::now() + LENGTH, is_new: true };
    let events = stream::unfold(following, Following::next);
    text_response("text/event-stream", Body::from_stream(events))
}

/// One stream.
struct Following {
    v: Visit,
    /// What the page looked like when its reader was told last.
    seen: String,
    end: Instant,
    /// Nothing was said yet.
    is_new: bool,
}

impl Following {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        if !std::mem::take(&mut self.is_new) {
            if Instant::now() >= self.end {
                return None;
            }
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                () = stops(self.v.stopping.clone()) => return None,
            }
            self.v.cloud.now += PERIOD.as_secs().cast_signed();
        }
        let now = look(&self.v).await?;
        let event = if now == self.seen {
            // A line that says nothing shows whether somebody still listens.
            ": \n\n".to_owned()
        } else {
            format!("retry: 1000\nid: {now}\ndata: changed\n\n")
        };
        self.seen = now;
        Some((Ok(event.into()), self))
    }
}

/// Completes when the service stops, so that a stream does not use up the time that it has for that.
async fn stops(stopping: Option<Stopping>) {
    match stopping {
        // The sender may be gone: then the service is.
        Some(Stopping(mut told)) => drop(told.wait_for(|&stops| stops).await),
        None => std::future::pending().await,
    }
}

/// What a page looks like now; `None` when there is none.
async fn look(v: &Visit) -> Option<String> {
    let Ok(Outcome::Page(page)) = pages::show(v).await else { return None };
    page.is_live.then(|| mark(&page.body.0))
}

/// What a page looks like, in few characters: equal as long as there is no news.
pub(crate) fn mark(body: &str) -> String {
    let mut hasher = DefaultHasher::new();
    without_clocks(body).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
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
