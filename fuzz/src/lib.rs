//! What the targets share: a small world of the control plane, whose rows are also the seeds of `store_row`.

pub mod package;
pub mod world;
