//! Who may do what (operations.md 11): policies of sub-users, and the decision on one call. The main user of an account
//! has no policies and is not asked about here.
//!
//! A policy allows or denies actions on resources. What denies wins; what nothing allows is refused (K-5). A policy is
//! read strictly: a name that is no action and a resource that names nothing are errors, because a rule that never
//! matches looks like one that holds.

mod pattern;
mod resource;
#[cfg(test)]
mod tests;

use crate::{ApiError, ErrorCode};

pub use pattern::{ActionPattern, PatternError, ResourcePattern};
pub use resource::{Resource, ResourceKind, named_by};

/// The version of the policy language (K-2).
pub const POLICY_VERSION: &str = "2.0";

/// Asked about by nobody: every call needs it, so it counts as granted (K-7, R60).
pub const CHECK_OPEN_STATUS: &str = "CheckOpenStatus";

/// Activates the service for an account (K-9).
pub const SET_OPEN_STATUS: &str = "SetOpenStatus";

/// Full access (K-8).
pub const FULL_ACCESS: &str = "QcloudGSEFullAccess";

/// Reads (K-8).
pub const READ_ONLY_ACCESS: &str = "QcloudGSEReadOnlyAccess";

/// What the names of reading actions begin with (K-8).
const READS: [&str; 6] =
    ["gse:Get*", "gse:Describe*", "gse:List*", "gse:Resolve*", "gse:Search*", "gse:Check*"];

/// What a statement says of what it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It may be done.
    Allow,
    /// It may not be done, whatever else allows it.
    Deny,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What follows when it matches.
    pub effect: Effect,
    /// Any of these actions.
    pub actions: Vec<ActionPattern>,
    /// On any of these resources.
    pub resources: Vec<ResourcePattern>,
}

/// Rules with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What refusals call it.
    pub name: String,
    /// The rules; their order does not matter.
    pub statements: Vec<Statement>,
}

impl Policy {
    /// A policy that is ready-made (K-8); `None` for other names.
    pub fn preset(name: &str) -> Option<Self> {
        let actions: &[&str] = match name {
            FULL_ACCESS => &["gse:*"],
            READ_ONLY_ACCESS => &READS,
            _ => return None,
        };
        let parse = |text: &&str| ActionPattern::parse(text).expect("the ready-made policies match actions");
        let statement = Statement {
            effect: Effect::Allow,
            actions: actions.iter().map(parse).collect(),
            resources: vec![ResourcePattern::All],
        };
        Some(Self { name: name.to_owned(), statements: vec![statement] })
    }
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The name of the action, without `gse:`.
    pub action: &'a str,
    /// The account of the caller, digits.
    pub uin: &'a str,
    /// Where.
    pub region: &'a str,
    /// What on; `None` for actions that know no single resource, which only `*` stands for (K-6).
    pub resource: Option<&'a Resource>,
}

/// What the policies of a user say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision<'a> {
    /// It may be done.
    Allowed {
        /// By this policy.
        by: &'a str,
    },
    /// A policy denies it.
    Denied {
        /// This one.
        by: &'a str,
    },
    /// No policy says anything of it.
    NotAllowed,
}

/// K-5: what denies wins, else what allows, else no.
pub fn decide<'a>(policies: impl IntoIterator<Item = &'a Policy>, question: &Question<'_>) -> Decision<'a> {
    let mut decision = Decision::NotAllowed;
    for policy in policies {
        for statement in policy.statements.iter().filter(|statement| statement.matches(question)) {
            match statement.effect {
                Effect::Deny => return Decision::Denied { by: &policy.name },
                Effect::Allow if decision == Decision::NotAllowed => {
                    decision = Decision::Allowed { by: &policy.name };
                }
                Effect::Allow => {}
            }
        }
    }
    decision
}

impl Statement {
    fn matches(&self, question: &Question<'_>) -> bool {
        self.actions.iter().any(|action| action.matches(question.action))
            && self.resources.iter().any(|resource| resource.matches(question))
    }
}

/// A call of a sub-user.
#[derive(Debug, Clone, Copy)]
pub struct SubUserCall<'a> {
    /// The name of the user.
    pub user: &'a str,
    /// What is asked for.
    pub question: Question<'a>,
}

/// Lets a call of a sub-user pass, or refuses it.
///
/// # Errors
/// `UnauthorizedOperation`, with what was asked for and which policy denies it.
pub fn authorize<'a>(
    policies: impl IntoIterator<Item = &'a Policy>,
    call: &SubUserCall<'_>,
) -> Result<(), ApiError> {
    let SubUserCall { user, question } = *call;
    let Question { action, uin, region, resource } = question;
    if action == CHECK_OPEN_STATUS {
        return Ok(());
    }
    let by = match decide(policies, &question) {
        Decision::Allowed { .. } => return Ok(()),
        Decision::Denied { by } => format!("the policy `{by}` denies it"),
        Decision::NotAllowed => "no policy of the user allows it".to_owned(),
    };
    let on = resource.map_or_else(|| "*".to_owned(), |resource| resource.name(uin, region));
    let message =
        format!("The user `{user}` may not perform `gse:{action}` on `{}`: {by}.", crate::error::shown(&on));
    Err(ApiError::new(ErrorCode::UnauthorizedOperation, message))
}

/// The account exists and has not activated the service (S58).
pub fn not_opened() -> ApiError {
    let message = "The account has not activated the service (hint: call `POST /opengse/SetOpenStatus`).";
    ApiError::new(ErrorCode::UnauthorizedOperationServiceNotOpened, message)
}
