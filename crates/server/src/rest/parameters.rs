//! A query parameter that a call does not have is refused: a filter that is misspelt must not look as if it had matched.
//!
//! What a call has stands in the `OpenAPI` document, which comes from the handlers' own types.

use crate::problem::Problem;
use aide::openapi::{
    OpenApi, Operation, Parameter, ParameterData, ParameterSchemaOrContent, PathStyle, ReferenceOr,
    SchemaObject,
};
use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use std::{
    collections::{BTreeSet, HashMap},
    ops::RangeInclusive,
    sync::{Arc, OnceLock},
};

/// The calls that also take names of the client's own, and what these begin with.
const OPEN: ([&str; 3], &str) = (["/v1/runs", "/v1/stats", "/v1/export"], "attr.");

/// The parameters of every documented `GET`, by path; known once the routes are documented.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(Arc<OnceLock<HashMap<String, BTreeSet<String>>>>);

impl Parameters {
    /// Reads them from the document.
    pub(crate) fn learn(&self, document: &OpenApi) {
        let paths = document.paths.iter().flat_map(|paths| &paths.paths);
        let by_path = paths.filter_map(|(path, item)| match item {
            ReferenceOr::Item(item) => Some((path.clone(), names(item.get.as_ref()?))),
            ReferenceOr::Reference { .. } => None,
        });
        self.0.get_or_init(|| by_path.collect());
    }

    /// The first name in the query string that the call at `path` does not have, with what it has.
    fn unknown(&self, path: &str, query: &str) -> Option<(String, &BTreeSet<String>)> {
        let known = self.0.get()?.get(path)?;
        let is_open = |name: &str| OPEN.0.contains(&path) && name.starts_with(OPEN.1);
        form_urlencoded::parse(query.as_bytes())
            .map(|(name, _)| name)
            .find(|name| !(known.contains(name.as_ref()) || is_open(name)))
            .map(|name| (name.into_owned(), known))
    }
}

/// How many entries a page has: from 1 to `most`, and `default` where the request says nothing.
pub(super) fn limit<N>(given: Option<N>, default: N, most: N) -> Result<N, Problem>
where
    N: Copy + PartialOrd + From<u8> + std::fmt::Display,
{
    within("limit", given.unwrap_or(default), N::from(1)..=most)
}

/// A number that must lie in a range: one outside is an error, and never another number.
pub(super) fn within<N>(name: &str, given: N, range: RangeInclusive<N>) -> Result<N, Problem>
where
    N: Copy + PartialOrd + std::fmt::Display,
{
    if range.contains(&given) {
        return Ok(given);
    }
    let (least, most) = range.into_inner();
    Err(Problem::bad_request(format!("{name} {given} is out of range"))
        .detail(format!("use {least} to {most}")))
}

/// Refuses parameters that say different things of the same: none of them is left out in silence.
pub(super) fn not_together(given: &[(&str, bool)]) -> Result<(), Problem> {
    let names: Vec<&str> = given.iter().filter(|(_, is_given)| *is_given).map(|(name, _)| *name).collect();
    if names.len() < 2 {
        return Ok(());
    }
    Err(Problem::bad_request(format!("{} cannot be combined", names.join(" and ")))
        .detail("leave one of them out"))
}

/// Documents the parts of paths that stand for something (`{id}`): handlers take them by place, not by name.
pub(crate) fn name_path_parts(document: &mut OpenApi) {
    let Some(paths) = &mut document.paths else { return };
    for (path, item) in &mut paths.paths {
        let ReferenceOr::Item(item) = item else { continue };
        let names: Vec<&str> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
        for operation in operations.into_iter().flatten() {
            let parts = names.iter().map(|name| ReferenceOr::Item(path_part(name)));
            operation.parameters.splice(0..0, parts);
        }
    }
}

fn path_part(name: &str) -> Parameter {
    let schema = SchemaObject {
        json_schema: schemars::json_schema!({ "type": "string" }),
        external_docs: None,
        example: None,
    };
    Parameter::Path {
        parameter_data: ParameterData {
            name: name.to_owned(),
            description: None,
            required: true,
            deprecated: None,
            format: ParameterSchemaOrContent::Schema(schema),
            example: None,
            examples: [].into(),
            explode: None,
            extensions: [].into(),
        },
        style: PathStyle::Simple,
    }
}

/// The names of an operation's query parameters.
fn names(operation: &Operation) -> BTreeSet<String> {
    let parameters = operation.parameters.iter().filter_map(|parameter| match parameter {
        ReferenceOr::Item(Parameter::Query { parameter_data, .. }) => Some(parameter_data.name.clone()),
        _ => None,
    });
    parameters.collect()
}

/// Refuses a `GET` with a parameter that it does not have.
pub(crate) async fn refuse_unknown(
    parameters: axum::extract::State<Parameters>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    if request.method() == http::Method::GET
        && let Some(query) = request.uri().query()
        && let Some((name, known)) = parameters.unknown(path.as_str(), query)
    {
        let mut known: Vec<&str> = known.iter().map(String::as_str).collect();
        if OPEN.0.contains(&path.as_str()) {
            known.push("attr.KEY");
        }
        return Problem::bad_request(format!("there is no parameter {name:?}"))
            .detail(if known.is_empty() {
                "this call takes none".to_owned()
            } else {
                format!("use {}", known.join(", "))
            })
            .into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_filter_is_named_and_attributes_are_let_through() {
        let parameters = Parameters::default();
        parameters.learn(&crate::openapi());
        let unknown = |path, query| parameters.unknown(path, query).map(|(name, _)| name);
        assert_eq!(unknown("/v1/runs", "limit=3&agnet=x").as_deref(), Some("agnet"));
        assert_eq!(unknown("/v1/runs", "agent=x&attr.deployment.environment=prod"), None);
        assert_eq!(unknown("/v1/stats", "attr.a=b"), None);
        assert_eq!(unknown("/v1/traces", "attr.a=b").as_deref(), Some("attr.a"));
        assert_eq!(unknown("/v1/stats", "agent=x&group_by=model"), None);
        assert_eq!(unknown("/not/documented", "x=1"), None);
        let (_, known) = parameters.unknown("/v1/search", "query=x").unwrap();
        assert!(known.contains("q"), "{known:?}");
    }
}
