//! One test binary for all stories.
