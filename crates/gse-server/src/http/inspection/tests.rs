//! What is remembered, and what waits.

use super::*;

fn unusable(bytes: usize) -> Arc<Inspected> {
    Arc::new(Inspected::Unusable("x".repeat(bytes)))
}

fn id(number: usize) -> BlobId {
    BlobId::new(format!("blob-{number}"))
}

#[test]
fn what_was_asked_for_longest_ago_is_forgotten_first() {
    let mut kept = Kept::default();
    (0..KEPT).for_each(|number| kept.keep(id(number), unusable(1)));
    assert!(kept.get(&id(0)).is_some());
    kept.keep(id(KEPT), unusable(1));
    assert!(kept.get(&id(0)).is_some(), "it was asked for meanwhile");
    assert!(kept.get(&id(1)).is_none());
    assert_eq!(kept.packages.len(), KEPT);
    // A large one drives out what has no room beside it, and is kept itself.
    kept.keep(id(KEPT + 1), unusable(KEPT_BYTES + 1));
    assert_eq!((kept.packages.len(), kept.get(&id(KEPT + 1)).is_some()), (1, true));
    kept.keep(id(0), unusable(1));
    assert_eq!((kept.packages.len(), kept.bytes()), (1, 1));
}

#[tokio::test]
async fn who_asks_for_the_same_package_is_answered_by_one_reading() {
    let directory = tempfile::tempdir().unwrap();
    let blobs = Arc::new(BlobStore::open(directory.path()).unwrap());
    let (inspections, mut owner) = Inspections::new(Arc::clone(&blobs));
    let ask = || {
        let (reply, answer) = oneshot::channel();
        (Question { package: id(1), reply }, answer)
    };
    let (first, gone) = ask();
    let (second, answer) = ask();
    let (third, other) = ask();
    owner.take(first);
    owner.take(Question { package: id(2), reply: third.reply });
    owner.take(second);
    drop(gone);
    // Nobody waits for the first question any more, so the second package is read before the first.
    assert_eq!(owner.begin().unwrap().package, id(2));
    owner.answer(&id(1), Ok(Ok(Inspected::Unusable("no zip".into()))));
    assert!(matches!(&*answer.await.unwrap().unwrap(), Inspected::Unusable(text) if text == "no zip"));
    // What cannot be read is a fault, and not remembered.
    owner.answer(&id(2), Ok(Err(std::io::Error::other("disk"))));
    assert_eq!(other.await.unwrap().unwrap_err(), Unread::Unreadable);
    assert_eq!((owner.waiting.len(), owner.kept.packages.len()), (0, 1));
    let task = tokio::spawn(owner.run());
    assert!(inspections.of(id(1)).await.is_ok());
    assert_eq!(inspections.of(id(2)).await.unwrap_err(), Unread::Unreadable, "there is no such file");
    drop(inspections);
    task.await.unwrap();
}
