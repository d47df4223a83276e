//! Rules of the sample game: integers, no clock, no engine.
