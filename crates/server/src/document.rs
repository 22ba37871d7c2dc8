//! What the `OpenAPI` document says beside what the handlers' types say: what each call does, its replies that have no
//! type of ours, and its errors.

use aide::{
    openapi::{MediaType, OpenApi, Operation, ReferenceOr, Response, SchemaObject, StatusCode},
    transform::TransformOperation,
};
use axum::Json;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

/// What each call does.
const SUMMARIES: &[(&str, &str, &str)] = &[
    ("get", "/v1/runs", "Lists runs"),
    ("get", "/v1/runs/{id}", "A run with its turns and child runs"),
    ("patch", "/v1/runs/{id}", "Changes a run's tags"),
    ("delete", "/v1/runs/{id}", "Deletes a run, its child runs and all their content"),
    ("get", "/v1/runs/{id}/timeline", "The steps of a run and of its child runs, in order"),
    ("get", "/v1/runs/{id}/steps", "The run's own steps, by kind"),
    ("get", "/v1/runs/{id}/steps/{step_id}/data", "A step whole, with its content"),
    ("get", "/v1/runs/{id}/steps/{step_id}/explain", "Where the facts of a step come from"),
    ("get", "/v1/runs/{id}/turns/{n}", "A turn with its messages"),
    ("get", "/v1/runs/{id}/cost", "What a run cost, and why"),
    ("get", "/v1/runs/{id}/statistics", "Where a run's time, money and failures are"),
    ("get", "/v1/runs/{id}/audit", "The audit records of a run"),
    ("get", "/v1/runs/{id}/context", "What filled the context of each model call"),
    ("get", "/v1/runs/{id}/export", "Everything of a run, to be imported again"),
    ("get", "/v1/runs/{id}/summary", "A run in words"),
    ("get", "/v1/runs/{id}/scores", "The scores of a run"),
    ("post", "/v1/runs/{id}/scores", "Gives a score to a run, a turn or a step"),
    ("put", "/v1/scores/{score_id}", "Changes a score that was given by API or by hand"),
    ("delete", "/v1/scores/{score_id}", "Deletes a score that was given by API or by hand"),
    ("get", "/v1/traces", "Lists traces, those without runs too"),
    ("get", "/v1/traces/{trace_id}", "A trace with its runs and all its spans"),
    ("get", "/v1/sessions", "Lists sessions"),
    ("get", "/v1/sessions/{id}", "The runs of a session"),
    ("get", "/v1/search", "Searches in messages, tool arguments, tool results and errors"),
    ("get", "/v1/stats", "Figures over runs, by group and time"),
    ("get", "/v1/values", "The values that a filter can take"),
    ("get", "/v1/unmapped", "What was sent and no rule understood"),
    ("get", "/v1/pricing", "The prices that hold"),
    ("get", "/v1/pricing/missing", "Models whose calls have no price"),
    ("get", "/v1/live", "Runs and scores as they change"),
    ("get", "/v1/config", "Settings and state of the server"),
    ("get", "/v1/export", "Marked runs, turns and steps as a dataset"),
    ("get", "/v1/loose-telemetry", "Telemetry that belongs to no run, as OTLP/JSON"),
    ("get", "/metrics", "Metrics of the server, for Prometheus"),
    ("post", "/v1/prune", "Deletes what is too old or takes too much room"),
    ("post", "/v1/vacuum", "Gives free room back to the disk"),
    ("get", "/v1/dialects", "The rules by which facts are found"),
    ("put", "/v1/dialects", "Replaces your own rules for dialects"),
    ("get", "/v1/reproject", "How far the facts of stored records have been found again"),
    ("post", "/v1/reproject", "Finds the facts of stored records again, by the rules of today"),
    ("post", "/v1/quarantine/retry", "Tries again what is in quarantine"),
    ("get", "/health", "Whether the server is well"),
    ("get", "/v1/session", "Whether a key is needed, and whether this client has signed in"),
    ("post", "/v1/session", "Signs in with the key: sets a cookie that stands for it"),
    ("delete", "/v1/session", "Signs out"),
];

/// Says of a call that it replies with this status and JSON of this type.
pub(crate) fn replies_with_json<const STATUS: u16, T: JsonSchema + Serialize>(
    op: TransformOperation<'_>,
) -> TransformOperation<'_> {
    op.response::<STATUS, Json<T>>()
}

/// Says of a call that it replies with a text of this media type.
pub(crate) fn replies_with_text<'op>(
    mut op: TransformOperation<'op>,
    media: &str,
    what: &str,
) -> TransformOperation<'op> {
    let text = MediaType { schema: Some(schema(json!({ "type": "string" }))), ..MediaType::default() };
    let response = Response {
        description: what.to_owned(),
        content: [(media.to_owned(), text)].into_iter().collect(),
        ..Response::default()
    };
    add(op.inner_mut(), 200, ReferenceOr::Item(response));
    op
}

/// Says of a call that it replies with 204 and no content.
pub(crate) fn replies_with_nothing<'op>(
    mut op: TransformOperation<'op>,
    what: &str,
) -> TransformOperation<'op> {
    let response = Response { description: what.to_owned(), ..Response::default() };
    add(op.inner_mut(), 204, ReferenceOr::Item(response));
    op
}

/// An error that several calls answer with.
struct Failure {
    status: u16,
    /// Its name among the document's components.
    name: &'static str,
    /// When it comes.
    when: &'static str,
}

const fn failure(status: u16, name: &'static str, when: &'static str) -> Failure {
    Failure { status, name, when }
}

const BAD_REQUEST: Failure =
    failure(400, "BadRequest", "A parameter or the body makes no sense; `detail` says what to send.");
const UNAUTHENTICATED: Failure = failure(
    401,
    "Unauthenticated",
    "The server has a key, and the request has neither it nor a session's cookie.",
);
const WRONG_KEY: Failure = failure(401, "WrongKey", "It is not the server's key.");
const FORBIDDEN: Failure = failure(403, "Forbidden", "The client is known and lacks the right.");
const NOT_FOUND: Failure = failure(404, "NotFound", "There is no such thing, or it was deleted.");
const AMBIGUOUS: Failure = failure(409, "Ambiguous", "The id means several runs, which `run_ids` lists.");
const TOO_LARGE: Failure = failure(413, "TooLarge", "The body is too large.");
const WRONG_TYPE: Failure = failure(415, "WrongType", "The body's content type is not `application/json`.");
const WRONG_FORM: Failure = failure(422, "WrongForm", "The body is JSON of another form.");
const STORE_FAILED: Failure =
    failure(500, "StoreFailed", "The store failed, or what was asked for is damaged.");
const UNSUPPORTED: Failure = failure(501, "Unsupported", "This kind of store cannot do that.");
const UNAVAILABLE: Failure = failure(
    503,
    "Unavailable",
    "Too much is asked at once, the question takes too long, or nothing can be read or changed at the moment. \
     `Retry-After` says when to try again.",
);

/// The schema of errors, which no handler's type names. To be asked for before the document is made, so that its components
/// hold it.
pub(crate) fn problem_schema() -> serde_json::Value {
    aide::generate::in_context(|context| context.schema.subschema_for::<turnscope_api::Problem>().to_value())
}

/// Adds to every call what it does and which errors, of this schema, it answers with.
pub(crate) fn complete(document: &mut OpenApi, problem: &serde_json::Value) {
    let responses = &mut document.components.get_or_insert_default().responses;
    let Some(paths) = &mut document.paths else { return };
    for (path, item) in &mut paths.paths {
        let ReferenceOr::Item(item) = item else { continue };
        let operations = [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("delete", &mut item.delete),
            ("patch", &mut item.patch),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            let summary = SUMMARIES.iter().find(|(of, at, _)| (*of, *at) == (method, path.as_str()));
            operation.summary = summary.map(|(_, _, summary)| (*summary).to_owned());
            for failure in failures(method, path, operation) {
                responses
                    .entry(failure.name.to_owned())
                    .or_insert_with(|| ReferenceOr::Item(problem_reply(&failure, problem)));
                let reference = format!("#/components/responses/{}", failure.name);
                add(operation, failure.status, ReferenceOr::ref_(&reference));
            }
        }
    }
}

fn problem_reply(failure: &Failure, problem: &serde_json::Value) -> Response {
    let media = MediaType { schema: Some(schema(problem.clone())), ..MediaType::default() };
    Response {
        description: failure.when.to_owned(),
        content: [("application/problem+json".to_owned(), media)].into_iter().collect(),
        ..Response::default()
    }
}

/// The errors of a call.
fn failures(method: &str, path: &str, operation: &Operation) -> Vec<Failure> {
    let mut failures = Vec::new();
    let needs_right = !matches!(path, "/health" | "/v1/session");
    let asks_store = needs_right && !matches!(path, "/v1/live" | "/v1/pricing");
    let has_body = operation.request_body.is_some();
    let has_parameters = operation.parameters.iter().any(|parameter| {
        matches!(parameter, ReferenceOr::Item(parameter) if parameter.parameter_data_ref().name != "id")
    });
    if has_body || has_parameters {
        failures.push(BAD_REQUEST);
    }
    if needs_right {
        failures.extend([UNAUTHENTICATED, FORBIDDEN]);
    } else if method == "post" {
        failures.push(WRONG_KEY);
    }
    if path.contains('{') {
        failures.push(NOT_FOUND);
    }
    if path.starts_with("/v1/runs/{id}") {
        failures.push(AMBIGUOUS);
    }
    if has_body {
        failures.extend([TOO_LARGE, WRONG_TYPE, WRONG_FORM]);
    }
    if asks_store {
        failures.push(STORE_FAILED);
        if method != "get" {
            failures.push(UNSUPPORTED);
        }
        failures.push(UNAVAILABLE);
    }
    failures
}

fn add(operation: &mut Operation, status: u16, response: ReferenceOr<Response>) {
    let responses = &mut operation.responses.get_or_insert_default().responses;
    responses.insert(StatusCode::Code(status), response);
}

fn schema(json: serde_json::Value) -> SchemaObject {
    let json_schema = schemars::Schema::try_from(json).unwrap_or_default();
    SchemaObject { json_schema, external_docs: None, example: None }
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;
    use std::collections::BTreeSet;

    #[test]
    fn every_call_says_what_it_does_and_how_it_replies() {
        let document = serde_json::to_value(crate::openapi()).unwrap();
        let mut documented = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                documented.insert((method.clone(), path.clone()));
                assert!(operation["summary"].is_string(), "{method} {path} has no summary");
                let replies = operation["responses"].as_object().unwrap();
                let succeeds = replies.keys().any(|status| status.starts_with('2'));
                assert!(succeeds, "{method} {path} has no documented success");
                for (status, reply) in replies {
                    let shared =
                        reply["$ref"].as_str().and_then(|at| document.pointer(at.strip_prefix('#')?));
                    let reply = shared.unwrap_or(reply);
                    assert_ne!(reply["description"], Json::from(""), "{method} {path}: {status}");
                    let has_content = reply["content"].as_object().is_some_and(|content| !content.is_empty());
                    assert_eq!(has_content, status != "204", "{method} {path}: {status}");
                }
            }
        }
        let listed = super::SUMMARIES.iter().map(|(method, path, _)| (method.to_string(), path.to_string()));
        assert_eq!(listed.collect::<BTreeSet<_>>(), documented);
        assert!(document["components"]["schemas"]["Problem"].is_object());
    }
}
