//! Panics, hangs and recovery of the health function.

use std::sync::Mutex;
use std::sync::mpsc;

use super::*;

fn health(ask: impl Fn() -> bool + Send + Sync + 'static, limit: Duration) -> Health {
    Health { limit, ..Health::new(Arc::new(ask)) }
}

#[tokio::test]
async fn the_answer_is_passed_on_and_a_panic_is_unhealthy() {
    assert!(health(|| true, LIMIT).check().await);
    assert!(!health(|| false, LIMIT).check().await);
    let answers = Mutex::new(vec![true, false].into_iter());
    let panics_once = health(
        move || {
            let well = answers.lock().unwrap().next().unwrap_or(true);
            assert!(well, "planted");
            true
        },
        LIMIT,
    );
    assert!(panics_once.check().await);
    assert!(!panics_once.check().await);
    assert!(panics_once.check().await, "a panic does not stick");
}

#[tokio::test]
async fn a_hanging_function_is_unhealthy_until_it_comes_back() {
    let (release, gate) = mpsc::channel::<()>();
    let (left, mut gone) = tokio::sync::mpsc::unbounded_channel();
    let gate = Mutex::new(gate);
    let hanging = health(
        move || {
            let released = gate.lock().unwrap().recv().is_ok();
            left.send(()).unwrap();
            released
        },
        Duration::from_millis(20),
    );
    assert!(!hanging.check().await, "too slow");
    assert!(!hanging.check().await, "refused while the first one hangs");
    release.send(()).unwrap();
    gone.recv().await.unwrap();
    // The function has returned; its thread clears the mark right after. Further checks need an answer each.
    while hanging.busy.load(Ordering::Acquire) {
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    let healthy = Health { limit: LIMIT, ..hanging };
    assert!(healthy.check().await, "well again");
}
