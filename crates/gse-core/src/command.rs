//! What comes in: data with a typed reply.

use std::fmt;

use crate::cx::Cx;
use crate::error::Error;
use crate::state::State;

/// One changing action. It is refused without changing anything, or succeeds completely.
pub trait Command: fmt::Debug + Send + 'static {
    /// What the caller gets.
    type Reply: Send + 'static;

    /// The action's name, for logs.
    const NAME: &'static str;

    /// Checks first, writes after. `ControlPlane::apply` asserts that a refused command changed nothing.
    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<Self::Reply, Error>;
}
