//! The access file: accounts, their users, keys and policies (operations.md 11, cloud-api.md 1.11), as TOML.
//!
//! It is read strictly, and everything that is wrong is said at once, with the line. Nothing that is said repeats the
//! value of a secret key, so errors of the TOML reader are told without the text that they are about.

mod raw;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gse_api::access::{
    ActionPattern, Effect, FULL_ACCESS, POLICY_VERSION, Policy, READ_ONLY_ACCESS, ResourcePattern, Statement,
};
use gse_api::near::nearest;
use gse_core::id::Uin;
use toml::Spanned;

use super::{Caller, Signer, SubUser};
use crate::config::ConfigError;
use raw::{RawAccount, RawFile, RawKey, RawPolicy, RawStatement, RawUser, Texts};

/// The shortest secret key that is taken; the vendor's have 32 characters.
const MIN_SECRET_KEY: usize = 16;
const MAX_SECRET_ID: usize = 128;
const MAX_UIN_DIGITS: usize = 20;

/// Who an access file lets in.
#[derive(Clone, Debug, Default)]
pub struct AccessFile {
    pub(super) signers: Vec<Signer>,
    /// Accounts that have not activated the service.
    pub(super) closed: Vec<Uin>,
}

impl AccessFile {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its line.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let raw: RawFile = toml::from_str(text).map_err(|error| raw::problem(text, &error))?;
        let mut reader = Reader { text, problems: Vec::new(), secret_ids: BTreeSet::new() };
        let mut file = Self::default();
        let mut uins = BTreeSet::new();
        for account in &raw.account {
            reader.account(account, &mut uins, &mut file);
        }
        if reader.problems.is_empty() { Ok(file) } else { Err(ConfigError { problems: reader.problems }) }
    }
}

/// Collects what is wrong.
struct Reader<'a> {
    text: &'a str,
    problems: Vec<String>,
    secret_ids: BTreeSet<&'a str>,
}

impl<'a> Reader<'a> {
    /// Something is wrong at a value.
    fn wrong<T>(&mut self, at: &Spanned<T>, problem: &str) {
        let line = raw::line(self.text, at.span().start);
        self.problems.push(format!("line {line}: {problem}"));
    }

    fn account(&mut self, account: &'a RawAccount, uins: &mut BTreeSet<&'a str>, file: &mut AccessFile) {
        let uin = account.uin.get_ref().as_str();
        let is_number =
            !uin.is_empty() && uin.len() <= MAX_UIN_DIGITS && uin.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number {
            self.wrong(
                &account.uin,
                &format!("`{uin}` is no account\nhint: write up to {MAX_UIN_DIGITS} digits, such as `uin = \"100000000011\"`"),
            );
        }
        if !uins.insert(uin) {
            self.wrong(&account.uin, &format!("the account `{uin}` is there twice\nhint: write its keys, users and policies into one `[[account]]`"));
        }
        if !account.activated {
            file.closed.push(Uin::new(uin));
        }
        let policies = self.policies(account);
        let main = Arc::new(Caller { uin: Uin::new(uin), user: None });
        for key in &account.key {
            file.signers.extend(self.key(key, &main));
        }
        let mut names = BTreeSet::new();
        for user in &account.user {
            let caller = Arc::new(self.user(user, uin, &policies, &mut names));
            for key in &user.key {
                file.signers.extend(self.key(key, &caller));
            }
        }
    }

    fn key(&mut self, key: &'a RawKey, caller: &Arc<Caller>) -> Option<Signer> {
        let before = self.problems.len();
        let secret_id = key.secret_id.get_ref().as_str();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if secret_id.is_empty() || secret_id.len() > MAX_SECRET_ID || !secret_id.bytes().all(is_name) {
            self.wrong(
                &key.secret_id,
                &format!("a SecretId has 1 to {MAX_SECRET_ID} letters, digits, `-` and `_`\nhint: write one such as `AKID` and 32 random letters and digits"),
            );
        }
        if !self.secret_ids.insert(secret_id) {
            self.wrong(
                &key.secret_id,
                &format!("the SecretId `{secret_id}` is there twice\nhint: each key belongs to one user"),
            );
        }
        let secret_key = &key.secret_key.get_ref().0;
        if secret_key.len() < MIN_SECRET_KEY || !secret_key.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.wrong(
                &key.secret_key,
                &format!("a secret key has at least {MIN_SECRET_KEY} visible ASCII characters\nhint: write 32 random letters and digits"),
            );
        }
        (self.problems.len() == before).then(|| Signer {
            caller: Arc::clone(caller),
            secret_id: secret_id.to_owned(),
            secret_key: secret_key.clone(),
            is_disabled: key.disabled,
        })
    }

    fn user(
        &mut self,
        user: &'a RawUser,
        uin: &str,
        policies: &BTreeMap<&str, Arc<Policy>>,
        names: &mut BTreeSet<&'a str>,
    ) -> Caller {
        let name = user.name.get_ref().as_str();
        if name.is_empty() || !names.insert(name) {
            self.wrong(&user.name, &format!("the name `{name}` is empty or there twice\nhint: each user of an account has a name of its own"));
        }
        let mut granted = Vec::new();
        for wanted in &user.policies {
            let found = policies.get(wanted.get_ref().as_str()).map(Arc::clone);
            match found.or_else(|| Policy::preset(wanted.get_ref()).map(Arc::new)) {
                Some(policy) => granted.push(policy),
                None => {
                    let known = policies.keys().copied().chain([FULL_ACCESS, READ_ONLY_ACCESS]);
                    let hint = match nearest(wanted.get_ref(), known) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!(
                            "write an `[[account.policy]]` of that name, or use `{FULL_ACCESS}` or `{READ_ONLY_ACCESS}`"
                        ),
                    };
                    self.wrong(
                        wanted,
                        &format!("the account has no policy `{}`\nhint: {hint}", wanted.get_ref()),
                    );
                }
            }
        }
        Caller { uin: Uin::new(uin), user: Some(SubUser { name: name.to_owned(), policies: granted }) }
    }

    fn policies(&mut self, account: &'a RawAccount) -> BTreeMap<&'a str, Arc<Policy>> {
        let mut policies = BTreeMap::new();
        for raw in &account.policy {
            let name = raw.name.get_ref().as_str();
            if name.is_empty() || Policy::preset(name).is_some() {
                self.wrong(&raw.name, &format!("a policy cannot be called `{name}`\nhint: choose a name that is not empty and not ready-made"));
            }
            let policy = Arc::new(self.policy(raw, account.uin.get_ref()));
            if policies.insert(name, policy).is_some() {
                self.wrong(&raw.name, &format!("the policy `{name}` is there twice\nhint: one policy may have many `[[account.policy.statement]]`"));
            }
        }
        policies
    }

    fn policy(&mut self, raw: &'a RawPolicy, uin: &str) -> Policy {
        if raw.version.get_ref() != POLICY_VERSION {
            self.wrong(
                &raw.version,
                &format!(
                    "the version `{}` of a policy is not known\nhint: write `version = \"{POLICY_VERSION}\"`",
                    raw.version.get_ref()
                ),
            );
        }
        if raw.statement.is_empty() {
            self.wrong(
                &raw.name,
                "a policy without a statement does nothing\nhint: add an `[[account.policy.statement]]`",
            );
        }
        let statements = raw.statement.iter().map(|statement| self.statement(statement, uin)).collect();
        Policy { name: raw.name.get_ref().clone(), statements }
    }

    fn statement(&mut self, raw: &'a RawStatement, uin: &str) -> Statement {
        let effect = match raw.effect.get_ref().as_str() {
            "allow" => Effect::Allow,
            "deny" => Effect::Deny,
            other => {
                let hint = nearest(other, ["allow", "deny"].into_iter()).unwrap_or("allow` or `deny");
                self.wrong(&raw.effect, &format!("`{other}` is no effect\nhint: write `{hint}`"));
                Effect::Deny
            }
        };
        if let Some(condition) = &raw.condition {
            self.wrong(
                condition,
                "conditions of statements are not supported, and one that is ignored would allow too much\nhint: remove `condition`",
            );
        }
        let actions = self.patterns(&raw.action, "action", ActionPattern::parse);
        let resources = self.patterns(&raw.resource, "resource", |text| ResourcePattern::parse(text, uin));
        Statement { effect, actions, resources }
    }

    fn patterns<P, E: std::fmt::Display>(
        &mut self,
        texts: &Spanned<Texts>,
        member: &str,
        parse: impl Fn(&str) -> Result<P, E>,
    ) -> Vec<P> {
        let mut patterns = Vec::new();
        match texts.get_ref() {
            Texts::One(text) => match parse(text) {
                Ok(pattern) => patterns.push(pattern),
                Err(error) => self.wrong(texts, &error.to_string()),
            },
            Texts::Many(many) if many.is_empty() => {
                self.wrong(
                    texts,
                    &format!(
                        "`{member}` is empty, so the statement matches nothing\nhint: name what it is about"
                    ),
                );
            }
            Texts::Many(many) => {
                for text in many {
                    match parse(text.get_ref()) {
                        Ok(pattern) => patterns.push(pattern),
                        Err(error) => self.wrong(text, &error.to_string()),
                    }
                }
            }
        }
        patterns
    }
}
