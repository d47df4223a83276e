//! Stories over real processes and a private stack.
