//! Every decision of OpenGSE: no IO, no clock, no randomness.
