//! Every request, response and structure under one roof.
//!
//! `XRequest` is what action `X` takes and `XResponse` what it answers. A structure that travels both ways and may be
//! incomplete in a request has a second type for that side, with `Input` at the end of its name.

pub use crate::generated::{
    alias::*, asset::*, bucket::*, capacity::*, ccn::*, fleet::*, game_server_session::*, instance::*,
    log::*, placement::*, player_session::*, queue::*, quota::*, statistics::*, structures::*, timer::*,
};
