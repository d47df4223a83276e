//! The life cycle is in the types: what is wrong does not compile, and says why. The cases are in `types/`.
//!
//! The right order is compiled with this module: as a case of trybuild it would have every dependency built once
//! more, where the wrong ones only have them checked.
//!
//! When a message of the compiler changes with the toolchain: `TRYBUILD=overwrite cargo test -p gse-sdk types`.

#[path = "../../types/right_order.rs"]
mod right_order;

#[test]
fn a_wrong_order_does_not_compile() {
    right_order::main();
    let cases = trybuild::TestCases::new();
    for wrong in [
        "accept_before_activation",
        "activate_twice",
        "end_the_process_during_a_session",
        "ready_without_a_port",
        "two_sessions_at_once",
        "use_after_terminate",
    ] {
        cases.compile_fail(format!("types/{wrong}.rs"));
    }
}
