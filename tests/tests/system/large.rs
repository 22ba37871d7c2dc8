//! A run of thousands of spans is projected only at intervals, and every answer is right all the same.

use turnscope_tests::{load, testkit::Turnscope};

const SPANS: u64 = 3000;

fn send(server: &Turnscope, spans: Vec<opentelemetry_proto::tonic::trace::v1::Span>) {
    let headers = [("content-type", "application/x-protobuf")];
    assert_eq!(server.post("/v1/traces", &headers, &load::encode(spans)).status, 200);
}

fn call(span: u64) -> opentelemetry_proto::tonic::trace::v1::Span {
    let attributes =
        vec![load::text("gen_ai.operation.name", "chat"), load::text("gen_ai.request.model", "m")];
    load::span(0, span, Some(0), "chat m", attributes)
}

#[test]
fn the_root_that_comes_last_is_found_at_once_by_the_id_of_any_span() {
    let server = Turnscope::start();
    send(&server, (1..SPANS).map(call).collect());
    // A read waits for what was sent before it, but not for ever: a busy machine may need several.
    let orphan = (0..30)
        .find_map(|_| Some(server.json("/v1/runs?limit=1")["runs"][0]["run_id"].as_str()?.to_owned()))
        .unwrap();
    let root =
        vec![load::text("gen_ai.operation.name", "invoke_agent"), load::text("gen_ai.agent.name", "large")];
    send(&server, vec![load::span(0, 0, None, "invoke_agent large", root)]);
    // The next projection waits now, so stored runs may be out of date, but answers must not be.
    let other = format!("{:032x}-{:016x}", 1, 6);
    assert_eq!(server.json(&format!("/v1/runs/{other}"))["run_id"], load::run_id(0).as_str());
    let timeline = server.json(&format!("/v1/runs/{orphan}/timeline?format=columns&limit=10"));
    assert_eq!(timeline["run_id"], load::run_id(0).as_str());
    assert_eq!(timeline["total"], SPANS);
    assert_eq!(server.json(&format!("/v1/runs/{orphan}"))["llm_call_count"], SPANS - 1);
}

#[test]
fn a_view_that_was_kept_is_read_again_when_its_run_has_changed() {
    let server = Turnscope::start();
    let total = || {
        let timeline = server.json(&format!("/v1/runs/{}/timeline?format=columns&limit=1", load::run_id(0)));
        timeline["total"].as_u64().unwrap()
    };
    send(
        &server,
        (0..SPANS)
            .map(|n| {
                if n == 0 {
                    load::span(
                        0,
                        0,
                        None,
                        "invoke_agent large",
                        vec![load::text("gen_ai.operation.name", "invoke_agent")],
                    )
                } else {
                    call(n)
                }
            })
            .collect(),
    );
    assert_eq!((total(), total()), (SPANS, SPANS));
    send(&server, vec![call(SPANS)]);
    assert_eq!(total(), SPANS + 1);
}
