//! The GSE cloud API as data: actions, types, limits, signatures; no HTTP.
