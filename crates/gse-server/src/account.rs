//! Who may call: the local account with its main key, which is made at the first start and stays the same ever after, and
//! the accounts and users of an access file ([`file`]).

pub mod activation;
pub mod file;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use gse_api::access::Policy;

use gse_core::id::Uin;
use gse_store::{DataDir, DataDirError};
use serde::{Deserialize, Serialize};

use crate::ids::random_text;
use file::AccessFile;

/// The file in the data directory; only its owner may read it.
const FILE: &str = "credentials.json";
/// Where the key of this service itself is.
const SERVICE_KEY_FILE: &str = "service-key";
/// The number of the account that every local service has.
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
    /// The list of activated accounts is not what this service writes.
    #[error(
        "`activations.json` in the data directory is not readable\nhint: repair it, or remove it and activate the accounts again"
    )]
    Activations(#[source] serde_json::Error),
    /// The access file names the key of the local account again.
    #[error(
        "the SecretId `{secret_id}` of the access file is that of `{FILE}` in the data directory\nhint: make another one"
    )]
    Taken {
        /// The id.
        secret_id: String,
    },
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

/// The key that this service signs addresses with that only it checks, such as those of logs. Nobody gets it, because
/// whoever signs with it reads what belongs to any account.
pub fn service_key(data_dir: &DataDir) -> Result<String, AccountError> {
    let kept = data_dir.read_private(SERVICE_KEY_FILE)?.map(|text| text.trim().to_owned());
    if let Some(key) = kept.filter(|key| !key.is_empty()) {
        return Ok(key);
    }
    let key = random_text(32);
    data_dir.write_private(SERVICE_KEY_FILE, &format!("{key}\n"))?;
    Ok(key)
}

/// Somebody who calls.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account that the calls are for.
    pub uin: Uin,
    /// The sub-user, who may do what policies allow; `None`: the main user, who may do everything (K-1).
    pub user: Option<SubUser>,
}

/// A user who may do what policies allow.
#[derive(Clone, Debug)]
pub struct SubUser {
    /// What refusals and the log call the user.
    pub name: String,
    /// What the user may do.
    pub policies: Vec<Arc<Policy>>,
}

/// Whose call it is, and the key that grants for this caller are signed with.
#[derive(Clone)]
pub struct Signer {
    /// Who.
    pub caller: Arc<Caller>,
    /// The public half of the key.
    pub secret_id: String,
    /// The secret half; never logged.
    pub secret_key: String,
    is_disabled: bool,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("caller", &self.caller)
            .field("secret_id", &self.secret_id)
            .field("is_disabled", &self.is_disabled)
            .finish_non_exhaustive()
    }
}

/// Everybody who may call, by SecretId.
#[derive(Debug)]
pub struct Accounts {
    local: Signer,
    signers: BTreeMap<String, Signer>,
    closed: Vec<Uin>,
}

impl Accounts {
    /// The local account, and who is in the file.
    ///
    /// # Errors
    /// [`AccountError::Taken`]
    pub fn new(local: &Account, file: AccessFile) -> Result<Self, AccountError> {
        let caller = Arc::new(Caller { uin: local.uin.clone(), user: None });
        let (secret_id, secret_key) = (local.secret_id.clone(), local.secret_key.clone());
        let local = Signer { caller, secret_id, secret_key, is_disabled: false };
        let mut signers = BTreeMap::from([(local.secret_id.clone(), local.clone())]);
        for signer in file.signers {
            let secret_id = signer.secret_id.clone();
            if signers.insert(secret_id.clone(), signer).is_some() {
                return Err(AccountError::Taken { secret_id });
            }
        }
        Ok(Self { local, signers, closed: file.closed })
    }

    /// Only the local account.
    pub fn only(local: &Account) -> Self {
        Self::new(local, AccessFile::default()).expect("nothing is named twice where there is one")
    }

    /// Whose an enabled SecretId is (cloud-api.md 1.11).
    pub fn signer(&self, secret_id: &str) -> Option<&Signer> {
        self.signers.get(secret_id).filter(|signer| !signer.is_disabled)
    }

    /// Whose a call is that was admitted; without a signature it is the local account's.
    pub(crate) fn of_call(&self, secret_id: Option<&str>) -> &Signer {
        secret_id.and_then(|id| self.signer(id)).unwrap_or(&self.local)
    }

    /// Whether the file lists an account as one that has not activated the service (S58).
    pub(crate) fn is_closed(&self, uin: &Uin) -> bool {
        self.closed.contains(uin)
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
