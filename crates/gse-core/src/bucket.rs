//! The upload bucket of an account in a region: that it is there, and its options (cloud-api.md 2.2, A-15).
//!
//! Not here: the objects in it, which are the blob store's, and the HTTP of the object endpoint.

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::id::{BucketName, Scope};
use crate::state::State;
use crate::time::Timestamp;

/// A bucket. It is made by the first call that needs it, and stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Its name, which follows from the scope.
    pub name: BucketName,
    /// The account and region.
    pub scope: Scope,
    /// When it was made.
    pub created: Timestamp,
    /// `Allowed` of UpdateBucketAccelerateOpt; remembered, no further effect.
    #[serde(default)]
    pub accelerated: bool,
    /// What pages of other sites may do; `None`: nothing.
    #[serde(default)]
    pub cors: Option<CorsRule>,
}

/// Which requests of pages of other sites a browser lets through. Each list is as it was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorsRule {
    /// Origins; `*` stands for any text, once in each.
    pub origins: Vec<String>,
    /// Of `GET`, `HEAD`, `POST`, `PUT`.
    pub methods: Vec<String>,
    /// Request headers in any letter case; `*` is all of them.
    pub headers: Vec<String>,
    /// Response headers that a page may read.
    pub expose: Vec<String>,
    /// How long a browser may remember the answer to a preflight, seconds.
    pub max_age_s: Option<i64>,
}

impl Bucket {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        None
    }
}

impl CorsRule {
    /// What an answer to a request of a page of this origin says in `Access-Control-Allow-Origin`; `None`: the rule is
    /// not for it.
    pub fn allowed_origin<'a>(&self, origin: &'a str, method: &str) -> Option<&'a str> {
        if !self.methods.iter().any(|allowed| allowed == method) {
            return None;
        }
        if self.origins.iter().any(|allowed| allowed == "*") {
            return Some("*");
        }
        self.origins.iter().any(|allowed| matches(allowed, origin)).then_some(origin)
    }

    /// Whether a page may send all of these headers; letter case does not count.
    pub fn allows_headers<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> bool {
        let allows = |name: &str| {
            self.headers
                .iter()
                .any(|allowed| matches(&allowed.to_ascii_lowercase(), &name.to_ascii_lowercase()))
        };
        names.all(allows)
    }
}

/// `*` in the pattern stands for any text, once.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => {
            text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
        }
        None => pattern == text,
    }
}

/// Makes the bucket of the scope unless it is there.
#[derive(Clone, Debug)]
pub struct OpenBucket {
    /// The account and region.
    pub scope: Scope,
}

impl Command for OpenBucket {
    type Reply = ();
    const NAME: &'static str = "OpenBucket";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<(), Error> {
        // Called with each upload: what is there is not touched, and nothing is stored.
        if state.buckets.get(&BucketName::of(&self.scope)).is_none() {
            edit(state, cx, &self.scope, |_| {});
        }
        Ok(())
    }
}

/// UpdateBucketAccelerateOpt.
#[derive(Clone, Debug)]
pub struct UpdateBucketAccelerateOpt {
    /// The account and region.
    pub scope: Scope,
    /// Allowed.
    pub allowed: bool,
}

impl Command for UpdateBucketAccelerateOpt {
    type Reply = ();
    const NAME: &'static str = "UpdateBucketAccelerateOpt";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<(), Error> {
        edit(state, cx, &self.scope, |bucket| bucket.accelerated = self.allowed);
        Ok(())
    }
}

/// UpdateBucketCORSOpt: the rule replaces the earlier one, so what is absent is cleared.
#[derive(Clone, Debug)]
pub struct UpdateBucketCorsOpt {
    /// The account and region.
    pub scope: Scope,
    /// All members of the request.
    pub rule: CorsRule,
}

impl Command for UpdateBucketCorsOpt {
    type Reply = ();
    const NAME: &'static str = "UpdateBucketCORSOpt";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<(), Error> {
        edit(state, cx, &self.scope, |bucket| bucket.cors = Some(self.rule));
        Ok(())
    }
}

fn edit(state: &mut State, cx: &Cx<'_>, scope: &Scope, edit: impl FnOnce(&mut Bucket)) {
    let name = BucketName::of(scope);
    let mut bucket = state.buckets.get(&name).cloned().unwrap_or_else(|| Bucket {
        name: name.clone(),
        scope: scope.clone(),
        created: cx.now,
        accelerated: false,
        cors: None,
    });
    edit(&mut bucket);
    state.buckets.insert(name, bucket);
}

/// The bucket of an account in a region; it is there once GetUploadCredentials was called.
pub fn find<'a>(state: &'a State, scope: &Scope) -> Result<&'a Bucket, Error> {
    let name = BucketName::of(scope);
    state.buckets.get(&name).ok_or(Error::BucketNotFound(name))
}

#[cfg(test)]
mod tests;
