//! What is read as a trace context, and what follows from one.

use super::TraceContext;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const HEADER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[test]
fn a_header_is_read_and_written_back() {
    let context = TraceContext::parse(HEADER).unwrap();
    assert_eq!(context.to_string(), HEADER);
    assert_eq!((context.trace_id(), context.span_id()), (TRACE.into(), Some("00f067aa0ba902b7".into())));
    assert!(context.is_sampled());
    let not_sampled = TraceContext::parse(&HEADER.replace("-01", "-00")).unwrap();
    assert!(!not_sampled.is_sampled());
    // A later version may say more after what is known.
    let later = format!("{}-more", HEADER.replacen("00", "42", 1));
    assert_eq!(TraceContext::parse(&later), Some(context));
}

#[test]
fn what_the_standard_does_not_allow_is_ignored() {
    let zeros = "0".repeat(32);
    for header in [
        "",
        "00",
        &HEADER.to_uppercase(),
        &HEADER[..54],
        &format!("{HEADER}-more"),
        &format!(" {HEADER}"),
        &HEADER.replacen("00", "ff", 1),
        &HEADER.replacen("00", "0x", 1),
        &HEADER.replace(TRACE, &zeros),
        &HEADER.replace("00f067aa0ba902b7", "0000000000000000"),
        &HEADER.replace("4bf9", "+bf9"),
        "00-é-00f067aa0ba902b7-01",
    ] {
        assert_eq!(TraceContext::parse(header), None, "{header}");
    }
}

#[test]
fn a_request_without_a_trace_has_the_one_of_its_id() {
    let context = TraceContext::of_request("4bf92f35-77b3-4da6-a3ce-929d0e0e4736");
    assert_eq!((context.trace_id(), context.span_id()), (TRACE.into(), None));
    // It is stored like any other, and is no header.
    let stored = serde_json::to_string(&context).unwrap();
    assert_eq!(serde_json::from_str::<TraceContext>(&stored).unwrap(), context);
    assert_eq!(TraceContext::parse(&context.to_string()), None);
    let of = |id: &str| TraceContext::of_request(id).trace_id();
    assert_eq!(of("16094592"), of("16094592"), "ids of another form have one too");
    assert_ne!(of("16094592"), of("16094593"));
    assert_ne!(of(""), "0".repeat(32));
}

#[test]
fn a_span_follows_from_the_trace_and_its_name() {
    let context = TraceContext::parse(HEADER).unwrap();
    let below = context.below("start");
    assert_eq!(below.trace_id(), TRACE);
    assert_eq!(below, TraceContext::of_request(TRACE).below("start"), "whatever the parent was");
    assert_ne!(below.span_id(), context.below("activate").span_id());
    assert_eq!(TraceContext::parse(&below.to_string()), Some(below));
}
