//! Whose key signs, as the vendor's SDKs find it: the environment, then the credentials file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The environment variables, with the vendor's names where it has some.
pub mod variable {
    /// Where the service listens. The vendor's clients know where theirs is.
    pub const ENDPOINT: &str = "GSE_ENDPOINT";
    /// Names the key.
    pub const SECRET_ID: &str = "TENCENTCLOUD_SECRET_ID";
    /// The key.
    pub const SECRET_KEY: &str = "TENCENTCLOUD_SECRET_KEY";
    /// Goes with a temporary key.
    pub const TOKEN: &str = "TENCENTCLOUD_TOKEN";
    /// The region to call.
    pub const REGION: &str = "TENCENTCLOUD_REGION";
}

/// Below the home folder, and for the whole machine.
const FILE: &str = ".tencentcloud/credentials";
const MACHINE_FILE: &str = "/etc/tencentcloud/credentials";

/// A key.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Names the key.
    pub secret_id: String,
    /// The key.
    pub secret_key: String,
    /// Goes with a temporary key; else empty.
    pub token: String,
}

/// Without the key, so that it does not get into logs.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("secret_id", &self.secret_id).finish_non_exhaustive()
    }
}

/// Why there is no key although there should be one.
#[derive(Debug, Error)]
pub enum CredentialsError {
    /// The credentials file is there and cannot be read.
    #[error("cannot read the credentials file `{path}`")]
    File {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Only one half of a key.
    #[error("half a key cannot sign: {place} has no `{missing}`")]
    Half {
        /// Where the other half is.
        place: String,
        /// What is not there.
        missing: &'static str,
    },
}

impl Credentials {
    /// The key of this process's environment, else that of `~/.tencentcloud/credentials`, else that of the machine's
    /// file; `None` if nobody gave one.
    ///
    /// # Errors
    /// See [`CredentialsError`].
    pub fn find() -> Result<Option<Self>, CredentialsError> {
        Self::find_in(&|name| std::env::var(name).ok(), &|path| fs::read_to_string(path))
    }

    /// The same with any environment and any files.
    ///
    /// # Errors
    /// See [`CredentialsError`].
    pub(crate) fn find_in(
        variable: &dyn Fn(&str) -> Option<String>,
        read: &dyn Fn(&Path) -> io::Result<String>,
    ) -> Result<Option<Self>, CredentialsError> {
        let of = |name| variable(name).unwrap_or_default();
        let (id, key) = (of(variable::SECRET_ID), of(variable::SECRET_KEY));
        let found = Self::both(
            id,
            key,
            of(variable::TOKEN),
            "the environment",
            [variable::SECRET_ID, variable::SECRET_KEY],
        )?;
        if found.is_some() {
            return Ok(found);
        }
        let home = variable("HOME").filter(|home| !home.is_empty()).map(|home| Path::new(&home).join(FILE));
        for path in home.into_iter().chain([PathBuf::from(MACHINE_FILE)]) {
            match read(&path) {
                Ok(text) => return Self::of_file(&text, &path),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(CredentialsError::File { path, source }),
            }
        }
        Ok(None)
    }

    /// The section `default` of an INI file.
    fn of_file(text: &str, path: &Path) -> Result<Option<Self>, CredentialsError> {
        let place = format!("`{}`", path.display());
        let of = |name| member(text, name).unwrap_or_default();
        let (id, key) = (of("secret_id"), of("secret_key"));
        Self::both(id, key, of("token"), &place, ["secret_id", "secret_key"])
    }

    fn both(
        secret_id: String,
        secret_key: String,
        token: String,
        place: &str,
        names: [&'static str; 2],
    ) -> Result<Option<Self>, CredentialsError> {
        let half = |missing| Err(CredentialsError::Half { place: place.to_owned(), missing });
        match (secret_id.is_empty(), secret_key.is_empty()) {
            (true, true) => Ok(None),
            (false, false) => Ok(Some(Self { secret_id, secret_key, token })),
            (true, false) => half(names[0]),
            (false, true) => half(names[1]),
        }
    }
}

/// A value of the section `default`, without the quotes that the vendor's example has around it.
fn member(text: &str, name: &str) -> Option<String> {
    let mut is_default = false;
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            is_default = section.trim() == "default";
        } else if is_default
            && let Some((found, value)) = line.split_once(['=', ':'])
            && found.trim().eq_ignore_ascii_case(name)
        {
            return Some(value.trim().trim_matches(['"', '\'']).to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests;
