use tempfile::TempDir;

use super::*;

const BUCKET: &str = "gse-1-ap-shanghai";

fn store() -> (TempDir, BlobStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = BlobStore::open(&directory.path().join("objects")).unwrap();
    (directory, store)
}

fn put(store: &BlobStore, key: &str, text: &str) -> Result<u64, BlobError> {
    store.put_object(BUCKET, key, text.as_bytes(), 1000)
}

fn frozen_text(store: &BlobStore, key: &str) -> String {
    let (blob, size) = store.freeze(BUCKET, key).unwrap();
    let text = fs::read_to_string(store.blob_path(&blob)).unwrap();
    assert_eq!(text.len() as u64, size);
    text
}

fn files_under(path: &Path) -> usize {
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files_under(&path) } else { 1 }).sum()
}

#[test]
fn a_blob_is_named_by_its_content() {
    let (_directory, store) = store();
    put(&store, "server.zip", "abc").unwrap();
    let (blob, size) = store.freeze(BUCKET, "server.zip").unwrap();
    // SHA-256 of "abc", FIPS 180-2 B.1.
    let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!((blob.as_str(), size), (hash, 3));
}

#[test]
fn a9_a_later_upload_does_not_change_a_blob() {
    let (_directory, store) = store();
    put(&store, "server.zip", "first").unwrap();
    let (first, _) = store.freeze(BUCKET, "server.zip").unwrap();
    put(&store, "server.zip", "second").unwrap();
    assert_eq!(fs::read_to_string(store.blob_path(&first)).unwrap(), "first");
    assert_eq!(frozen_text(&store, "server.zip"), "second");
    // Freezing the same content again gives the same blob.
    assert_eq!(frozen_text(&store, "server.zip"), "second");
}

#[test]
fn a7_what_was_never_uploaded_is_named() {
    let (_directory, store) = store();
    put(&store, "server.zip", "x").unwrap();
    let error = store.freeze(BUCKET, "nothing.zip").unwrap_err();
    assert!(matches!(&error, BlobError::NoObject { key, .. } if key == "nothing.zip"), "{error}");
}

#[test]
fn any_key_is_a_key_and_none_is_a_path() {
    let (directory, store) = store();
    let long = "k".repeat(850);
    for key in ["a/b/c.zip", "../../escape.zip", "/etc/passwd", "\u{0}", "房间.zip", &long, ""] {
        put(&store, key, key).unwrap();
        assert_eq!(frozen_text(&store, key), key);
    }
    assert_eq!(files_under(directory.path()), 14, "seven objects and seven blobs, all inside");
}

#[test]
fn a_foreign_bucket_name_is_refused() {
    let (_directory, store) = store();
    for bucket in ["", "..", "a/b", "A", "a.b", &"a".repeat(101)] {
        let error = store.put_object(bucket, "k", &b"x"[..], 9).unwrap_err();
        assert!(matches!(error, BlobError::BadBucket { .. }), "{bucket}: {error}");
    }
}

#[test]
fn the_limit_itself_is_allowed() {
    let (directory, store) = store();
    assert_eq!(store.put_object(BUCKET, "k", &b"12345"[..], 5).unwrap(), 5);
    let error = store.put_object(BUCKET, "k", &b"123456"[..], 5).unwrap_err();
    assert!(matches!(error, BlobError::TooLarge { max_bytes: 5 }), "{error}");
    assert_eq!(frozen_text(&store, "k"), "12345");
    assert_eq!(files_under(directory.path()), 2, "the refused upload left nothing behind");
}

#[test]
fn an_upload_that_is_given_up_leaves_nothing() {
    let (directory, store) = store();
    let mut upload = store.begin(BUCKET, "k", 100).unwrap();
    upload.write(b"half").unwrap();
    drop(upload);
    assert_eq!(files_under(directory.path()), 0);
    assert!(matches!(store.freeze(BUCKET, "k"), Err(BlobError::NoObject { .. })));
}

#[test]
fn objects_outlive_the_store_and_half_done_ones_do_not() {
    let (directory, store) = store();
    put(&store, "k", "kept").unwrap();
    let mut upload = store.begin(BUCKET, "other", 100).unwrap();
    upload.write(b"half").unwrap();
    // As `kill -9` would leave it.
    std::mem::forget(upload);
    drop(store);
    let store = BlobStore::open(&directory.path().join("objects")).unwrap();
    assert_eq!(frozen_text(&store, "k"), "kept");
    assert_eq!(files_under(&directory.path().join("objects/partial")), 0);
}

#[test]
fn blobs_that_nobody_wants_are_removed_and_the_others_stay() {
    let (_directory, store) = store();
    let blobs: Vec<BlobId> = ["one", "two", "three"]
        .iter()
        .map(|text| {
            put(&store, "server.zip", text).unwrap();
            store.freeze(BUCKET, "server.zip").unwrap().0
        })
        .collect();
    let there = || blobs.iter().map(|blob| store.blob_path(blob).exists()).collect::<Vec<_>>();
    store.remove_blob(&blobs[0]).unwrap();
    assert_eq!(there(), [false, true, true]);
    store.remove_blob(&blobs[0]).unwrap();
    assert_eq!(store.retain_blobs(|blob| *blob == blobs[2]).unwrap(), 1);
    assert_eq!(there(), [false, false, true]);
    assert_eq!(store.retain_blobs(|blob| *blob == blobs[2]).unwrap(), 0);
    // The upload itself is not the blob, and can be frozen again.
    assert_eq!(frozen_text(&store, "server.zip"), "three");
}

const ID: &str = "0123456789abcdef";

fn part(store: &BlobStore, number: u32, bytes: &[u8]) -> Result<String, BlobError> {
    let mut upload = store.begin_part(("b", "k.zip"), ID, number, 10)?;
    upload.write(bytes)?;
    upload.finish().map(|stored| stored.etag)
}

#[test]
fn parts_become_an_object_when_they_are_put_together() {
    let directory = tempfile::tempdir().unwrap();
    let store = BlobStore::open(directory.path()).unwrap();
    assert!(matches!(part(&store, 1, b"x"), Err(BlobError::NoUpload { .. })));
    store.begin_parts("b", "k.zip", ID).unwrap();
    let second = part(&store, 2, b"world").unwrap();
    let first = part(&store, 1, b"wrong").unwrap();
    let again = part(&store, 1, b"hello").unwrap();
    assert!(matches!(part(&store, 3, b"x"), Err(BlobError::TooLarge { .. })));
    let sizes: Vec<_> = store.parts("b", "k.zip", ID).unwrap().iter().map(|part| part.number).collect();
    assert_eq!(sizes, [1, 2]);
    // As a restart finds it.
    let store = BlobStore::open(directory.path()).unwrap();
    let open = store.open_uploads("b").unwrap();
    assert_eq!(open, [OpenUpload { id: ID.to_owned(), key: "k.zip".to_owned() }]);
    assert_eq!(store.open_uploads("c").unwrap(), []);
    let complete = |parts: &[(u32, &str)]| {
        let parts: Vec<(u32, String)> =
            parts.iter().map(|(number, etag)| (*number, (*etag).to_owned())).collect();
        store.complete_parts(("b", "k.zip"), ID, &parts, 10)
    };
    for parts in [&[][..], &[(1, first.as_str())], &[(2, &second), (1, &again)], &[(1, &again), (1, &again)]]
    {
        assert!(matches!(complete(parts), Err(BlobError::BadPart { .. })), "{parts:?}");
    }
    assert!(matches!(store.freeze("b", "k.zip"), Err(BlobError::NoObject { .. })));
    assert_eq!(complete(&[(1, &again), (2, &second)]).unwrap().size_bytes, 10);
    let (blob, _) = store.freeze("b", "k.zip").unwrap();
    assert_eq!(std::fs::read(store.blob_path(&blob)).unwrap(), b"helloworld");
    assert!(matches!(complete(&[(1, &again)]), Err(BlobError::NoUpload { .. })));
    assert_eq!(std::fs::read_dir(directory.path().join("parts")).unwrap().count(), 0);
}

#[test]
fn an_upload_in_parts_is_of_one_object_and_can_be_aborted() {
    let directory = tempfile::tempdir().unwrap();
    let store = BlobStore::open(directory.path()).unwrap();
    store.begin_parts("b", "k.zip", ID).unwrap();
    part(&store, 1, b"x").unwrap();
    for (bucket, key, id) in
        [("c", "k.zip", ID), ("b", "other", ID), ("b", "k.zip", "../../../../etc"), ("b", "k.zip", "")]
    {
        assert!(
            matches!(store.abort_parts(bucket, key, id), Err(BlobError::NoUpload { .. })),
            "{bucket} {key} {id}"
        );
    }
    store.abort_parts("b", "k.zip", ID).unwrap();
    assert!(matches!(part(&store, 2, b"x"), Err(BlobError::NoUpload { .. })));
    for number in 0..64 {
        store.begin_parts("b", "k.zip", &format!("{number:016}")).unwrap();
    }
    let error = store.begin_parts("b", "k.zip", ID).unwrap_err();
    assert!(matches!(error, BlobError::TooManyUploads { limit: 64 }));
}
