//! The account that owns everything in a local service, and its key. Made at the first start, the same ever after.

use std::fmt;

use gse_core::id::Uin;
use gse_store::{DataDir, DataDirError};
use serde::{Deserialize, Serialize};

use crate::ids::random_text;

/// The file in the data directory; only its owner may read it.
const FILE: &str = "credentials.json";
/// The number of the one account of a local service.
const LOCAL_UIN: &str = "100000000001";

/// An account and its key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The account number.
    pub uin: Uin,
    /// The public half of its key.
    pub secret_id: String,
    /// The secret half; never logged.
    pub secret_key: String,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("uin", &self.uin)
            .field("secret_id", &self.secret_id)
            .finish_non_exhaustive()
    }
}

/// Why there is no account to work with.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The file could not be read or written.
    #[error("the credentials could not be kept")]
    DataDir(#[from] DataDirError),
    /// The file is there and is not what this service writes.
    #[error(
        "`{FILE}` in the data directory is not readable\nhint: repair it, or remove it to get a new key at the next start"
    )]
    Malformed(#[source] serde_json::Error),
}

impl Account {
    /// The local account with a new random key.
    pub fn random() -> Self {
        Self {
            uin: Uin::new(LOCAL_UIN),
            secret_id: format!("AKID{}", random_text(32)),
            secret_key: random_text(32),
        }
    }

    /// The account of this data directory; it gets a key when it has none.
    pub fn of(data_dir: &DataDir) -> Result<Self, AccountError> {
        if let Some(text) = data_dir.read_private(FILE)? {
            return serde_json::from_str(&text).map_err(AccountError::Malformed);
        }
        let account = Self::random();
        let text = serde_json::to_string_pretty(&account).map_err(AccountError::Malformed)?;
        data_dir.write_private(FILE, &(text + "\n"))?;
        Ok(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_not_in_the_debug_text() {
        let account = Account::random();
        let text = format!("{account:?}");
        assert!(text.contains(&account.secret_id) && !text.contains(&account.secret_key), "{text}");
    }

    #[test]
    fn the_key_is_random_and_stays() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (here, there) = (DataDir::open(here.path()).unwrap(), DataDir::open(there.path()).unwrap());
        let account = Account::of(&here).unwrap();
        assert_eq!((account.secret_id.len(), account.secret_key.len()), (36, 32));
        assert_eq!(Account::of(&here).unwrap(), account);
        assert_ne!(Account::of(&there).unwrap().secret_key, account.secret_key);
    }

    #[test]
    fn a_broken_file_is_named_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        let data_dir = DataDir::open(directory.path()).unwrap();
        data_dir.write_private(FILE, "{").unwrap();
        assert!(Account::of(&data_dir).unwrap_err().to_string().contains(FILE));
        assert_eq!(data_dir.read_private(FILE).unwrap().as_deref(), Some("{"));
    }
}
