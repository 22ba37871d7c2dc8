//! Where a request comes from: which names this server answers to, and which pages may change things.
//!
//! A page of the web can send requests to a server on this machine. The rules here keep it from reading (a name that
//! resolves to this machine, "DNS rebinding") and from changing anything (a form, `fetch` without a preflight).

use super::Auth;
use crate::{Addresses, problem::Problem};
use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, Method, header, uri::Authority};
use std::{net::IpAddr, sync::Arc};

/// What the rules of this module depend on.
#[derive(Debug)]
pub(crate) struct Origins {
    pub(crate) auth: Auth,
    pub(crate) hosts: Hosts,
    /// Origins whose pages may change things; `*` for all.
    pub(crate) allowed: Vec<String>,
}

/// Puts the rules of this module before a port's routes.
pub(crate) fn protect(origins: &Arc<Origins>, routes: Router) -> Router {
    routes.layer(middleware::from_fn_with_state(Arc::clone(origins), check))
}

async fn check(State(origins): State<Arc<Origins>>, request: Request, next: Next) -> Response {
    let origin = text(request.headers(), &header::ORIGIN);
    let host = host(&request);
    // A browser names its page with whatever it POSTs, so what comes without an origin is no page's. Senders of
    // telemetry may then use any name: they cannot read, and often know this server by a name of their own network.
    let reads_or_is_page = request.method().is_safe() || origin.is_some();
    if !origins.auth.is_on() && reads_or_is_page && !host.is_none_or(|host| origins.hosts.answers_to(host)) {
        return misdirected(host.unwrap_or_default()).into_response();
    }
    if !is_own_page(request.method(), request.headers()) && !is_allowed(&origins.allowed, origin) {
        return foreign_page(origin).into_response();
    }
    next.run(request).await
}

/// The host that a request is for: `Host`, or `:authority` in HTTP/2.
fn host(request: &Request) -> Option<&str> {
    text(request.headers(), &header::HOST).or_else(|| request.uri().authority().map(Authority::as_str))
}

fn misdirected(host: &str) -> Problem {
    Problem::foreign(format!("this server does not answer to the name {host:?}")).detail(
        "a page of the web could use a name of its own to read this server: use localhost or the server's address, \
         start it with --allowed-host NAME, or set a key",
    )
}

fn foreign_page(origin: Option<&str>) -> Problem {
    let origin = origin.unwrap_or("another site");
    Problem::foreign(format!("a page of {origin} may not change anything here"))
        .detail("start the server with --cors-origin ORIGIN to allow that page's origin")
}

fn is_allowed(allowed: &[String], origin: Option<&str>) -> bool {
    origin.is_some_and(|origin| allowed.iter().any(|one| one == "*" || one == origin))
}

/// Whether a request that changes something comes from a page of this server, or from no browser.
pub(super) fn is_own_page(method: &Method, headers: &HeaderMap) -> bool {
    if method.is_safe() {
        return true;
    }
    if let Some(site) = text(headers, &header::HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(headers, &header::ORIGIN) else { return true };
    let Some((_, origin)) = origin.split_once("://") else { return false };
    // A proxy in front may have replaced the host. No page can set the header that says so without a preflight.
    let names = [header::HOST, header::HeaderName::from_static("x-forwarded-host")];
    names.iter().any(|name| text(headers, name) == Some(origin))
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

/// The hosts that a server without a key answers to.
#[derive(Clone, Debug)]
pub(crate) struct Hosts {
    /// Names from the settings, in lower case.
    names: Vec<String>,
    /// Addresses that the server listens on.
    addresses: Vec<IpAddr>,
}

impl Hosts {
    pub(crate) fn new(names: &[String], listens: Addresses) -> Self {
        let addresses = [listens.listen, listens.otlp_grpc, listens.otlp_http].map(|address| address.ip());
        Self {
            names: names.iter().map(|name| name.to_ascii_lowercase()).collect(),
            addresses: addresses.into(),
        }
    }

    /// Whether `host`, which may have a port, is this machine's own name, an address that the server listens on, or a
    /// name from the settings.
    fn answers_to(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else { return false };
        let name = authority.host().trim_end_matches('.').to_ascii_lowercase();
        if let Ok(address) = name.trim_matches(['[', ']']).parse::<IpAddr>() {
            // Listening on all interfaces, the server has addresses that it does not know. An address is no name that
            // someone else could point here.
            return address.is_loopback()
                || self.addresses.iter().any(|own| own.is_unspecified() || *own == address);
        }
        name == "localhost" || name.ends_with(".localhost") || self.names.contains(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_server_answers_to_its_own_names_and_addresses_only() {
        let at = |listen: &str| {
            let listen = listen.parse().unwrap();
            let addresses = Addresses { listen, otlp_grpc: listen, otlp_http: listen };
            Hosts::new(&["Traces.Example".to_owned()], addresses)
        };
        let here = at("127.0.0.1:8000");
        for own in [
            "localhost",
            "LOCALHOST:8000",
            "localhost.:1",
            "a.localhost",
            "127.0.0.1:8000",
            "[::1]:8000",
            "traces.example:9",
        ] {
            assert!(here.answers_to(own), "{own}");
        }
        for other in [
            "evil.example",
            "evil.example:8000",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.7",
            "",
            "x y",
            "traces.example.evil",
        ] {
            assert!(!here.answers_to(other), "{other}");
        }
        assert!(at("10.0.0.7:8000").answers_to("10.0.0.7:8000"));
        assert!(!at("10.0.0.7:8000").answers_to("10.0.0.8:8000"));
        assert!(at("0.0.0.0:8000").answers_to("10.0.0.8:8000"));
        assert!(!at("0.0.0.0:8000").answers_to("evil.example"));
    }

    #[test]
    fn only_this_servers_pages_change_things() {
        let own = |method: Method, pairs: &[(&'static str, &str)]| is_own_page(&method, &headers(pairs));
        assert!(own(Method::GET, &[("origin", "http://evil.example")]));
        assert!(own(Method::POST, &[]));
        assert!(own(Method::POST, &[("origin", "http://localhost:8000"), ("host", "localhost:8000")]));
        assert!(!own(Method::POST, &[("origin", "http://localhost:3000"), ("host", "localhost:8000")]));
        assert!(!own(Method::DELETE, &[("origin", "null"), ("host", "localhost:8000")]));
        assert!(!own(Method::PATCH, &[("sec-fetch-site", "same-site")]));
        assert!(!own(
            Method::PATCH,
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "http://localhost:8000"),
                ("host", "localhost:8000")
            ]
        ));
        assert!(own(Method::PATCH, &[("sec-fetch-site", "same-origin")]));
        let proxied = [
            ("origin", "https://traces.example"),
            ("host", "10.0.0.7:8000"),
            ("x-forwarded-host", "traces.example"),
        ];
        assert!(own(Method::POST, &proxied));
    }
}
