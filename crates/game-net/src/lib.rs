//! Netcode of the sample game, without sockets.
