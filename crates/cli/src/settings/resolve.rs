//! Resolves layers into settings. Pure: no environment, no files, no clock. Reports all errors, not just the
//! first.

use super::{
    layers::{Given, Layer},
    list::{PROFILES, SETTINGS, Setting},
    parse,
};
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use turnscope_otlp::redact::Redactor;
use turnscope_query::Retention;
use turnscope_server::{ApiKey, Audit, Config};

/// All settings, resolved and checked.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) data: PathBuf,
    /// Whether the data directory is the default one.
    pub(crate) data_is_default: bool,
    pub(crate) server: Option<String>,
    pub(crate) api_key: Option<Secret>,
    pub(crate) audit_key: Option<turnscope_audit::Key>,
    pub(crate) ready_file: Option<PathBuf>,
    pub(crate) listen: SocketAddr,
    pub(crate) otlp_grpc: SocketAddr,
    pub(crate) otlp_http: SocketAddr,
    pub(crate) silence: Duration,
    /// The user's price file, if not in the data directory.
    pub(crate) pricing: Option<PathBuf>,
    pub(crate) dialects: Option<PathBuf>,
    pub(crate) retention_rules: Option<PathBuf>,
    pub(crate) log: Log,
    /// The source of each value.
    origins: Vec<Origin>,
    serve: Serve,
}

/// Settings of the server only.
#[derive(Debug)]
struct Serve {
    key_is_asked_for: bool,
    allow_public_without_key: bool,
    allowed_hosts: Vec<String>,
    cors_origins: Vec<String>,
    content_stores: Vec<String>,
    max_body_bytes: u64,
    redactor: Redactor,
    retention: Retention,
    audit: Audit,
    search: bool,
    ui_path: Option<String>,
    path_prefix: Option<String>,
    span_metric_dimensions: Vec<String>,
}

/// The log's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Log {
    pub(crate) level: String,
    pub(crate) json: bool,
    pub(crate) path: Option<PathBuf>,
}

/// A text that `Debug` does not reveal.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// A value and its source, for `turnscope config`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) from: String,
}

impl Origin {
    /// Converts to the server's type for display.
    fn shown(self) -> turnscope_server::Setting {
        turnscope_server::Setting {
            name: self.name.to_owned(),
            value: self.value,
            source: self.from,
            doc: Setting::by_name(self.name).map_or_else(String::new, |setting| setting.help.to_owned()),
        }
    }
}

/// The purpose of the settings. Readers ignore what would be unsafe for a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Serving,
    Reading,
}

/// What the layers give.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// `None` where something is wrong.
    pub(crate) settings: Option<Settings>,
    /// Every setting as it was given, right or wrong.
    pub(crate) origins: Vec<Origin>,
    /// All that is wrong.
    pub(crate) errors: Vec<String>,
}

/// Resolves these layers, given in order of precedence. `errors` were found while the layers were read.
pub(crate) fn resolve(layers: &[Layer], purpose: Purpose, errors: Vec<String>) -> Resolved {
    let mut picker = Picker { layers: layers.to_vec(), errors };
    let profile = picker.one("profile", |text| {
        PROFILES.iter().find(|(name, ..)| *name == text).ok_or_else(|| {
            let known: Vec<&str> = PROFILES.iter().map(|(name, ..)| *name).collect();
            format!("expected {}", known.join(", "))
        })
    });
    let mut of_profile = Layer::default();
    if let Some((name, _, values)) = profile {
        for (setting, value) in *values {
            if let Some(setting) = Setting::by_name(setting) {
                of_profile.set(setting, vec![(*value).to_owned()], format!("profile {name}"));
            }
        }
    }
    picker.layers.push(of_profile);
    let mut defaults = Layer::default();
    for setting in SETTINGS.iter().filter(|setting| is_literal(setting)) {
        defaults.set(setting, vec![setting.default.to_owned()], "default");
    }
    picker.layers.push(defaults);
    let settings = settings(&mut picker, purpose);
    let origins = picker.origins();
    let settings = settings.filter(|_| picker.errors.is_empty());
    let settings = settings.map(|settings| Settings { origins: origins.clone(), ..settings });
    Resolved { settings, origins, errors: picker.errors }
}

/// Whether the default is a value rather than a description.
fn is_literal(setting: &Setting) -> bool {
    !setting.default.is_empty()
        && !matches!(
            setting.name,
            "data" | "api-key-required" | "log-path" | "pricing" | "dialects" | "retention-rules"
        )
}

fn settings(picker: &mut Picker, purpose: Purpose) -> Option<Settings> {
    let data = picker.one("data", |text| Ok(PathBuf::from(text)));
    if data.is_none() {
        picker.errors.push("this platform has no data directory: use --data".to_owned());
    }
    let listen = picker.listen();
    let api_key = picker.one("api-key", parse::key);
    let required = picker.one("api-key-required", parse::switch);
    if purpose == Purpose::Serving && required == Some(true) && api_key.is_none() {
        let from = picker.given("api-key-required").map_or_else(String::new, |(_, given)| given.from.clone());
        picker.errors.push(format!(
            "a key is required ({from}) but not set: set TURNSCOPE_API_KEY, or set api-key-required to false"
        ));
    }
    let redactor = redactor(picker);
    let retention = Retention {
        max_age: picker.one("retention-days", parse::days).flatten(),
        max_bytes: picker.one("retention-max-bytes", parse::bytes).filter(|bytes| *bytes > 0),
    };
    let audit_key =
        picker.one("audit-key", |text| turnscope_audit::Key::parse(text).map_err(|error| error.to_string()));
    let audit = Audit {
        received: picker.one("audit", |text| match text {
            "received" => Ok(true),
            "off" | "false" => Ok(false),
            _ => Err("expected off or received".to_owned()),
        })?,
        key: audit_key.clone(),
        retention: picker.one("audit-retention-days", parse::days).flatten(),
        ..Audit::default()
    };
    let ui = picker.one("ui", parse::switch);
    let ui_path = picker.one("ui-path", |text| {
        let valid = text.starts_with('/') && !text.contains(['{', '}', '?', '#', ' ']) && text != "/";
        if !valid {
            return Err("expected a path such as /ui/".to_owned());
        }
        Ok(format!("{}/", text.trim_end_matches('/')))
    });
    let path_prefix = picker.one("path-prefix", |text| {
        if text.starts_with('/') {
            Ok(text.to_owned())
        } else {
            Err("expected a path such as /turnscope".to_owned())
        }
    });
    let otlp_grpc = picker.one("otlp-grpc", parse::address);
    let otlp_http = picker.one("otlp-http", parse::address);
    let max_body_bytes = picker.one("max-body-bytes", parse::bytes);
    let silence = picker.one("silence", parse::time);
    let search = picker.one("search", parse::switch);
    let log_level = picker.one("log-level", parse::log_level);
    let log_json = picker.one("log-format", |text| match text {
        "text" => Ok(false),
        "json" => Ok(true),
        _ => Err("expected text or json".to_owned()),
    });
    let log_path = picker.one("log-path", |text| Ok(PathBuf::from(text)));
    let server = picker.one("server", |text| {
        let text = text.trim_end_matches('/');
        let url = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let is_web = url.starts_with("http://") || url.starts_with("https://");
        if is_web && url.parse::<http::Uri>().is_ok_and(|uri| uri.host().is_some()) {
            Ok(url)
        } else {
            Err("expected http://HOST:PORT or https://HOST".to_owned())
        }
    });
    // A data directory with higher precedence than the server wins.
    let place = |name| picker.given(name).map_or(usize::MAX, |(place, _)| place);
    let server = server.filter(|_| place("server") <= place("data"));
    let allow_public = picker.one("allow-public-without-key", parse::switch).unwrap_or(false);
    let (listen, otlp_grpc, otlp_http) = (listen?, otlp_grpc?, otlp_http?);
    let has_key = api_key.is_some() && required != Some(false);
    if purpose == Purpose::Serving && !has_key && !allow_public {
        for (name, address) in [("listen", listen), ("otlp-grpc", otlp_grpc), ("otlp-http", otlp_http)] {
            if !address.ip().is_loopback() {
                picker.errors.push(format!(
                    "--{name} {address} can be reached from other machines, but no key is set: set one with \
                     --api-key, or use --allow-public-without-key"
                ));
            }
        }
    }
    Some(Settings {
        data_is_default: picker.given("data").is_some_and(|(_, given)| given.from == "default"),
        data: data?,
        server,
        api_key: api_key.map(Secret),
        audit_key,
        ready_file: picker.one("ready-file", |text| Ok(PathBuf::from(text))),
        listen,
        otlp_grpc,
        otlp_http,
        silence: silence?,
        origins: Vec::new(),
        pricing: picker.one("pricing", |text| Ok(PathBuf::from(text))),
        dialects: picker.one("dialects", |text| Ok(PathBuf::from(text))),
        retention_rules: picker.one("retention-rules", |text| Ok(PathBuf::from(text))),
        log: Log { level: log_level?, json: log_json?, path: log_path },
        serve: Serve {
            key_is_asked_for: required != Some(false),
            allow_public_without_key: allow_public,
            allowed_hosts: picker.list("allowed-host", parse::split_list),
            cors_origins: picker.list("cors-origin", parse::split_list),
            content_stores: picker.list("content-store", parse::split_list),
            max_body_bytes: max_body_bytes?,
            redactor: redactor?,
            retention,
            audit,
            search: search?,
            ui_path: ui_path.filter(|_| ui != Some(false)),
            path_prefix,
            span_metric_dimensions: picker.list("span-metric-dimension", parse::split_names),
        },
    })
}

fn redactor(picker: &mut Picker) -> Option<Redactor> {
    let on = picker.one("redact", |text| match text {
        "default" | "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err("expected default or off".to_owned()),
    })?;
    let keys = picker.list("redact-keys", parse::split_list);
    let patterns = picker.list("redact-patterns", parse::split_patterns);
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
    // Check the rules even if redaction is off: an error should not appear only when it is switched on.
    match Redactor::with(&keys, &patterns) {
        Ok(redactor) => Some(if on { redactor } else { Redactor::off() }),
        Err(error) => {
            picker.errors.push(error.to_string());
            None
        }
    }
}

impl Settings {
    /// The redaction rules.
    pub(crate) fn redactor(&self) -> &Redactor {
        &self.serve.redactor
    }

    /// The server's configuration.
    pub(crate) fn server_config(self) -> Config {
        let serve = self.serve;
        let key = self.api_key.filter(|_| serve.key_is_asked_for);
        Config {
            listen: self.listen,
            otlp_grpc: self.otlp_grpc,
            otlp_http: self.otlp_http,
            api_key: key.map(|Secret(key)| ApiKey::new(key)),
            allow_public_without_key: serve.allow_public_without_key,
            allowed_hosts: serve.allowed_hosts,
            cors_origins: serve.cors_origins,
            content_stores: serve.content_stores,
            max_body_bytes: usize::try_from(serve.max_body_bytes).unwrap_or(usize::MAX),
            inactivity: self.silence,
            pricing: self.pricing,
            dialects: self.dialects,
            retention_rules: self.retention_rules,
            redactor: serve.redactor,
            span_metric_dimensions: serve.span_metric_dimensions,
            search: serve.search,
            ui_path: serve.ui_path,
            path_prefix: serve.path_prefix.unwrap_or_default(),
            retention: serve.retention,
            audit: serve.audit,
            settings: self.origins.into_iter().map(Origin::shown).collect(),
            ..Config::new(self.data)
        }
    }
}

/// Reads values from layers and collects errors.
struct Picker {
    layers: Vec<Layer>,
    errors: Vec<String>,
}

impl Picker {
    /// The value with the highest precedence, and the index of its layer.
    fn given(&self, name: &str) -> Option<(usize, &Given)> {
        self.layers.iter().enumerate().find_map(|(place, layer)| Some((place, layer.values.get(name)?)))
    }

    fn one<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let given = self.given(name)?.1;
        let text = given.texts.last()?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(hint) => {
                let shown = Setting::by_name(name).is_some_and(|setting| setting.secret);
                let text = if shown { "***" } else { text.as_str() };
                let message = format!("{name} cannot be {text:?} (from {}): {hint}", given.from);
                self.errors.push(message);
                None
            }
        }
    }

    fn list(&self, name: &str, split: impl Fn(&str) -> Vec<String>) -> Vec<String> {
        self.given(name)
            .map_or_else(Vec::new, |(_, given)| given.texts.iter().flat_map(|t| split(t)).collect())
    }

    /// `host` and `port` replace parts of `listen` unless `listen` has higher precedence.
    fn listen(&mut self) -> Option<SocketAddr> {
        let mut listen = self.one("listen", parse::address)?;
        let place = |picker: &Self, name| picker.given(name).map_or(usize::MAX, |(place, _)| place);
        let strongest = place(self, "listen");
        if place(self, "host") <= strongest {
            listen.set_ip(self.one("host", parse::host)?);
        }
        if place(self, "port") <= strongest {
            listen.set_port(self.one("port", parse::port)?);
        }
        Some(listen)
    }

    fn origins(&self) -> Vec<Origin> {
        let origin = |setting: &'static Setting| {
            let given = self.given(setting.name).map(|(_, given)| given);
            let value = match given {
                Some(_) if setting.secret => "***".to_owned(),
                Some(given) => given.texts.join(", "),
                None => setting.default.to_owned(),
            };
            Origin {
                name: setting.name,
                value,
                from: given.map_or_else(|| "default".to_owned(), |given| given.from.clone()),
            }
        };
        SETTINGS.iter().map(origin).collect()
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
