//! The sample game client: bevy as a view, headless or in a window.
