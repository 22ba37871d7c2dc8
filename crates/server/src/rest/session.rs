//! `/v1/session`: a person enters the key once, the browser keeps a cookie.

use crate::{
    auth::{
        Right,
        session::{self, LASTS},
    },
    clock::seconds,
    prefix::Prefix,
    problem::Problem,
    state::App,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::sync::Arc;
use turnscope_api::{Access, SignIn};

/// Whether a key is needed, and whether this client has shown it.
pub(crate) async fn get(State(app): State<Arc<App>>, headers: HeaderMap) -> Json<Access> {
    let principal = app.auth.principal(&Method::GET, &headers).await;
    let signed_in = principal.is_some_and(|principal| principal.may(Right::Read));
    Json(Access { key_required: app.auth.is_on(), signed_in })
}

/// Takes the key and sets the cookie `turnscope_session` (`HttpOnly`, `SameSite=Strict`), which REST and the event stream
/// accept in its place.
pub(crate) async fn sign_in(
    State(app): State<Arc<App>>,
    prefix: Prefix,
    headers: HeaderMap,
    Json(body): Json<SignIn>,
) -> Result<Response, Problem> {
    let reply = Json(Access { key_required: app.auth.is_on(), signed_in: true });
    if !app.auth.is_on() {
        return Ok(reply.into_response());
    }
    let token = app.auth.sign_in(&body.key).await.ok_or_else(Problem::wrong_key)?;
    Ok(with_cookie(reply.into_response(), session::cookie(&token, LASTS, &prefix.join("/"), &headers)))
}

/// Ends the session and takes the cookie back.
pub(crate) async fn sign_out(
    State(app): State<Arc<App>>,
    prefix: Prefix,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.auth.sign_out(&headers, seconds()).map_err(|error| {
        Problem::internal(format!(
            "the session ended, but would go on after a restart of the server: {error}"
        ))
    })?;
    Ok(with_cookie(
        StatusCode::NO_CONTENT.into_response(),
        session::cookie("", 0, &prefix.join("/"), &headers),
    ))
}

fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
