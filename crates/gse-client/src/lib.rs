//! Calls the cloud API: sign, send, parse.
