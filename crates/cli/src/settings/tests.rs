//! Which layer wins, and what is said of mistakes.

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

#[test]
fn stronger_layers_win_and_origins_say_so() {
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
    let (settings, origins) = resolve(&layers).unwrap();
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
fn a_whole_address_beats_weaker_halves() {
    let layers =
        [layer(&[("listen", "127.0.0.1:1234")], "--listen"), layer(&[("port", "9000")], "env"), data()];
    assert_eq!(resolve(&layers).unwrap().0.listen.port(), 1234);
}

#[test]
fn every_mistake_is_reported() {
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
    let errors = resolve(&[wrong]).unwrap_err();
    assert_eq!(errors.len(), 5, "{errors:#?}");
    assert!(errors[0].contains("listen cannot be \"everywhere\" (from --x): take HOST:PORT"));
}

#[test]
fn the_file_names_what_is_allowed() {
    let (_, errors) = parse_file("lisen = 1\nport = {}", "f.toml");
    assert!(errors[0].contains("no setting \"lisen\"; allowed are profile, data"), "{errors:?}");
    assert!(errors[1].contains("port takes text"));
}

#[test]
fn a_profile_can_require_a_key_and_secrets_do_not_show() {
    let production = layer(&[("profile", "production")], "--profile");
    let errors = resolve(&[production.clone(), data()]).unwrap_err();
    assert!(errors[0].contains("a key is required (profile production)"), "{errors:?}");
    let key = layer(&[("api-key", "hush")], "TURNSCOPE_API_KEY");
    let (settings, origins) = resolve(&[production, key, data()]).unwrap();
    assert!(settings.log.json && !format!("{settings:?} {origins:?}").contains("hush"));
}

#[test]
fn listening_beyond_loopback_needs_a_key_or_plain_words() {
    let public = layer(&[("host", "0.0.0.0")], "--host");
    assert_eq!(resolve(&[public.clone(), data()]).unwrap_err().len(), 1);
    let said = layer(&[("allow-public-without-key", "true")], "--allow-public-without-key");
    assert!(resolve(&[public, said, data()]).is_ok());
}
