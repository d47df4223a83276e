//! Durable rows and blobs: trait Store with an embedded and a memory home.
