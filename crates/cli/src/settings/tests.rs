//! Precedence of layers, and error messages.

use super::*;
use crate::settings::layers::{environment, parse_file};

fn layer(values: &[(&str, &str)], from: &str) -> Layer {
    let mut layer = Layer::default();
    for (name, value) in values {
        layer.set(Setting::by_name(name).unwrap(), vec![(*value).to_owned()], from);
    }
    layer
}

fn data() -> Layer {
    layer(&[("data", "/d")], "default")
}

fn resolved(layers: &[Layer], purpose: Purpose) -> Result<(Settings, Vec<Origin>), Vec<String>> {
    let Resolved { settings, origins, errors } = resolve(layers, purpose, Vec::new());
    settings.map(|settings| (settings, origins)).ok_or(errors)
}

#[test]
fn layers_with_higher_precedence_win_and_sources_are_reported() {
    let env = environment(&|name| match name {
        "TURNSCOPE_SILENCE" => Some("5m".into()),
        "TRACE_API_PORT" => Some("9000".into()),
        "TRACE_DB_PATH" => Some("/var/lib/agents/trace.db".into()),
        "TRACE_LOG_LEVEL" => Some(String::new()),
        "OTEL_LOG_LEVEL" => Some("warn".into()),
        _ => None,
    });
    let (file, errors) =
        parse_file("silence = \"1m\"\nport = 7000\nsearch = false\ncors_origin = [\"a\", \"b\"]", "f.toml");
    assert_eq!(errors, Vec::<String>::new());
    let mut layers = vec![layer(&[("host", "::1")], "--host")];
    layers.extend(env);
    layers.push(file);
    let (settings, origins) = resolved(&layers, Purpose::Serving).unwrap();
    assert_eq!(settings.listen, "[::1]:9000".parse().unwrap());
    assert_eq!(settings.data, PathBuf::from("/var/lib/agents"));
    assert_eq!(settings.silence, Duration::from_secs(300));
    assert_eq!(settings.log.level, "warn");
    assert_eq!((settings.serve.search, settings.serve.cors_origins.len()), (false, 2));
    let from = |name| origins.iter().find(|origin| origin.name == name).unwrap().from.clone();
    assert_eq!(from("port"), "TRACE_API_PORT");
    assert_eq!(from("search"), "f.toml");
    assert_eq!(from("otlp-grpc"), "default");
}

#[test]
fn an_address_overrides_host_and_port_of_lower_precedence() {
    let layers =
        [layer(&[("listen", "127.0.0.1:1234")], "--listen"), layer(&[("port", "9000")], "env"), data()];
    assert_eq!(resolved(&layers, Purpose::Serving).unwrap().0.listen.port(), 1234);
}

#[test]
fn a_data_flag_overrides_a_server_variable() {
    let server = layer(&[("server", "127.0.0.1:8000")], "TURNSCOPE_SERVER");
    let typed = layer(&[("data", "/d")], "--data");
    let of = |layers: &[Layer]| resolved(layers, Purpose::Reading).unwrap().0.server;
    assert_eq!(of(&[typed, server.clone()]), None);
    assert_eq!(of(&[server, data()]), Some("http://127.0.0.1:8000".to_owned()));
}

#[test]
fn all_errors_are_reported() {
    let wrong = layer(
        &[
            ("data", "/d"),
            ("listen", "everywhere"),
            ("max-body-bytes", "huge"),
            ("silence", "long"),
            ("redact-patterns", "("),
            ("ui", "perhaps"),
        ],
        "--x",
    );
    let errors = resolved(&[wrong], Purpose::Serving).unwrap_err();
    assert_eq!(errors.len(), 5, "{errors:#?}");
    assert!(errors[0].contains("listen cannot be \"everywhere\" (from --x): expected HOST:PORT"));
}

#[test]
fn unknown_keys_in_the_file_list_the_allowed_ones() {
    let (_, errors) = parse_file("lisen = 1\nport = {}", "f.toml");
    assert!(errors[0].contains("no setting \"lisen\"; allowed: profile, data"), "{errors:?}");
    assert!(errors[1].contains("port takes text"));
}

#[test]
fn a_profile_can_require_a_key_and_secrets_do_not_show() {
    let production = layer(&[("profile", "production")], "--profile");
    let errors = resolved(&[production.clone(), data()], Purpose::Serving).unwrap_err();
    assert!(errors[0].contains("a key is required (profile production)"), "{errors:?}");
    let key = layer(&[("api-key", "hush")], "TURNSCOPE_API_KEY");
    let (settings, origins) = resolved(&[production, key, data()], Purpose::Serving).unwrap();
    assert!(settings.log.json && !format!("{settings:?} {origins:?}").contains("hush"));
}

#[test]
fn listening_on_other_interfaces_needs_a_key_or_explicit_permission() {
    let public = layer(&[("host", "0.0.0.0")], "--host");
    assert_eq!(resolved(&[public.clone(), data()], Purpose::Serving).unwrap_err().len(), 1);
    let said = layer(&[("allow-public-without-key", "true")], "--allow-public-without-key");
    assert!(resolved(&[public.clone(), said, data()], Purpose::Serving).is_ok());
    assert!(resolved(&[public, data()], Purpose::Reading).is_ok(), "readers open no port");
}
