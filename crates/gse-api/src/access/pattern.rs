//! What statements match: actions such as `gse:Describe*` (K-3), and resources such as
//! `qcs::gse:ap-shanghai:uin/100000000011:fleet/*` (K-4).

use std::fmt;

use super::{Question, ResourceKind};
use crate::{Action, REGIONS, extension::ExtensionAction, near::nearest};

/// Actions of the permission lists that are not in the published schema (K-12). Policies that were written for the
/// vendor's console name them.
const CONSOLE_ACTIONS: [&str; 5] =
    ["CreateAssetAuto", "CreateFleetDemo", "DescribeDemoResource", "UpdateDemoResource", "UpdateFleetVpc"];

/// K-10
const SHORT_REGIONS: [(&str, &str); 4] =
    [("bj", "ap-beijing"), ("sh", "ap-shanghai"), ("gz", "ap-guangzhou"), ("hk", "ap-hongkong")];

/// What is wrong with a pattern, and what to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError(String);

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PatternError {}

/// A part in which `*` stands for any text, also for none.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Glob(String);

impl Glob {
    fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else { return self.0 == text };
        let Some(mut text) = text.strip_prefix(first) else { return false };
        let mut parts = rest.split('*').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return text.ends_with(part);
            }
            match text.find(part) {
                // The first place leaves the most for the parts after it.
                Some(at) => text = &text[at + part.len()..],
                None => return false,
            }
        }
        true
    }
}

/// `gse:` and the name of an action, in which `*` stands for any text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionPattern(Glob);

impl ActionPattern {
    /// Reads `gse:Describe*`.
    ///
    /// # Errors
    /// It does not begin with `gse:`, or matches no action.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let Some(name) = text.strip_prefix("gse:") else {
            let hint = if text == "*" { "gse:*".to_owned() } else { format!("gse:{text}") };
            return Err(PatternError(format!(
                "`{text}` is no action of this service\nhint: actions begin with `gse:`, such as `{hint}`"
            )));
        };
        let pattern = Glob(name.to_owned());
        if known_actions().any(|action| pattern.matches(action)) {
            return Ok(Self(pattern));
        }
        let hint = nearest(&name.replace('*', ""), known_actions())
            .map(|near| format!("did you mean `gse:{near}`?"))
            .unwrap_or_else(|| {
                "docs/spec/cloud-api.md lists the actions; `*` stands for any text".to_owned()
            });
        Err(PatternError(format!("`{text}` matches no action\nhint: {hint}")))
    }

    /// Whether it stands for the action of that name.
    pub(super) fn matches(&self, action: &str) -> bool {
        self.0.matches(action)
    }
}

fn known_actions() -> impl Iterator<Item = &'static str> {
    let api = Action::ALL.iter().map(|action| action.name());
    let extension = ExtensionAction::ALL.iter().map(|action| action.name());
    api.chain(extension).chain(CONSOLE_ACTIONS)
}

/// The resources that a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourcePattern {
    /// `*`: everything, and what no resource stands for.
    All,
    /// Resources of a kind.
    Some {
        /// `None`: every region.
        region: Option<String>,
        /// Digits; `None`: the account that the policy belongs to.
        uin: Option<String>,
        /// What they are.
        kind: ResourceKind,
        /// The id or name; `*` stands for any text.
        id: String,
    },
}

impl ResourcePattern {
    /// Reads `*` or `qcs::gse:<region>:uin/<uin>:<kind>/<id>`, in a policy of that account.
    ///
    /// # Errors
    /// It has another form, names a region, a kind or an account that it cannot match.
    pub fn parse(text: &str, account: &str) -> Result<Self, PatternError> {
        if text == "*" {
            return Ok(Self::All);
        }
        let refuse = |what: &str, hint: &str| Err(PatternError(format!("`{text}` {what}\nhint: {hint}")));
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["qcs", project, service, region, uin, resource] = parts.as_slice() else {
            return refuse(
                "is no resource",
                "write `*`, or six parts such as `qcs::gse:ap-shanghai:uin/100000000011:fleet/*`",
            );
        };
        if !project.is_empty() || *service != "gse" {
            return refuse(
                "is no resource of this service",
                "the second part is empty and the third is `gse`: `qcs::gse:…`",
            );
        }
        let region = match region_of(region) {
            Ok(region) => region,
            Err(hint) => return refuse("names no region", &hint),
        };
        let uin = match uin.strip_prefix("uin/") {
            _ if uin.is_empty() => None,
            Some(number) if number == account || number.is_empty() => None,
            Some(_) => {
                return refuse(
                    "belongs to another account, so it would never match",
                    &format!("the policies of this account are about `uin/{account}`"),
                );
            }
            None => return refuse("names no account", &format!("write the fifth part as `uin/{account}`")),
        };
        let (kind, id) = resource.split_once('/').unwrap_or((resource, ""));
        let Some(kind) = ResourceKind::parse(kind) else {
            let near = nearest(kind, ResourceKind::NAMES.into_iter());
            let hint = near.map_or_else(
                || {
                    format!(
                        "the last part is one of `{}` with `/` and an id or `*`",
                        ResourceKind::NAMES.join("`, `")
                    )
                },
                |near| format!("did you mean `{near}/…`?"),
            );
            return refuse("names no kind of resource", &hint);
        };
        if id.is_empty() {
            return refuse("has no id", &format!("write `{}/*` for all of them", kind.name()));
        }
        Ok(Self::Some { region, uin, kind, id: id.to_owned() })
    }

    /// Whether it stands for what a question is about.
    pub(super) fn matches(&self, question: &Question<'_>) -> bool {
        let Self::Some { region, uin, kind, id } = self else { return true };
        let Some(asked) = question.resource else { return false };
        region.as_deref().is_none_or(|region| region == question.region)
            && uin.as_deref().is_none_or(|uin| uin == question.uin)
            && *kind == asked.kind
            && Glob(id.clone()).matches(&asked.id)
    }
}

/// The region, `None` for every one; or what to write instead.
fn region_of(text: &str) -> Result<Option<String>, String> {
    if text.is_empty() || text == "*" {
        return Ok(None);
    }
    if let Some((_, long)) = SHORT_REGIONS.iter().find(|(short, _)| *short == text) {
        return Ok(Some((*long).to_owned()));
    }
    if REGIONS.contains(&text) {
        return Ok(Some(text.to_owned()));
    }
    Err(match nearest(text, REGIONS.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? An empty part stands for every region"),
        None => "write a region such as `ap-shanghai`, or nothing for every region".to_owned(),
    })
}
