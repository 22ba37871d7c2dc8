//! The sources of settings: flags, environment, file. A layer holds the values of one source as text.
//!
//! All access to the environment and to files is here. Not here: parsing the values (`resolve`).

use super::list::{SETTINGS, Setting};
use etcetera::AppStrategy as _;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// A value as given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) texts: Vec<String>,
    /// The source: `--listen`, `TURNSCOPE_LISTEN`, `./turnscope.toml`, …
    pub(crate) from: String,
}

/// The values of one source.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layer {
    pub(crate) values: BTreeMap<&'static str, Given>,
}

impl Layer {
    /// Adds one value.
    pub(crate) fn set(&mut self, setting: &'static Setting, texts: Vec<String>, from: impl Into<String>) {
        self.values.insert(setting.name, Given { texts, from: from.into() });
    }
}

/// The layers of the environment in order of precedence: our own names, those of the SDK, OpenTelemetry's.
/// Empty variables count as unset.
pub(crate) fn environment(variable: &dyn Fn(&str) -> Option<String>) -> Vec<Layer> {
    let get = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    let mut layers = vec![Layer::default(), Layer::default(), Layer::default()];
    for setting in SETTINGS {
        let own = setting.variable();
        if let Some(value) = get(&own) {
            layers[0].set(setting, vec![value], own);
        }
        for name in setting.env {
            let layer = if name.starts_with("OTEL_") { 2 } else { 1 };
            if let Some(value) = get(name) {
                layers[layer].set(setting, vec![value], *name);
            }
        }
    }
    // This variable is the path of a file; use its directory.
    if let Some(given) = layers[1].values.get_mut("data") {
        for text in &mut given.texts {
            let parent = Path::new(text.as_str()).parent().filter(|parent| !parent.as_os_str().is_empty());
            *text = parent.map_or_else(|| ".".to_owned(), |parent| parent.display().to_string());
        }
    }
    layers
}

/// The settings files in order of precedence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Files {
    /// The one that was named by a flag or variable.
    Named(PathBuf),
    /// The one in the current directory and the one in the platform's directory, where they exist.
    Found { here: Option<PathBuf>, platform: Option<PathBuf> },
}

/// Which settings files to read.
pub(crate) fn files(named: Option<&Path>, variable: &dyn Fn(&str) -> Option<String>) -> Files {
    if let Some(named) = named {
        return Files::Named(named.to_owned());
    }
    if let Some(named) = variable("TURNSCOPE_CONFIG").filter(|value| !value.is_empty()) {
        return Files::Named(named.into());
    }
    let platform = super::directories().map(|directories| directories.config_dir().join("turnscope.toml"));
    Files::Found {
        here: Some(PathBuf::from(HERE)).filter(|path| path.is_file()),
        platform: platform.filter(|path| path.is_file()),
    }
}

/// The settings file in the current directory.
const HERE: &str = "./turnscope.toml";

/// Takes out what a file that nobody named may not set, and says what was used and what was not.
pub(crate) fn only_harmless(layer: &mut Layer, path: &Path) -> Option<String> {
    let (used, ignored): (Vec<&str>, Vec<&str>) = layer
        .values
        .keys()
        .partition(|name| Setting::by_name(name).is_some_and(|setting| setting.is_harmless));
    let path = path.display();
    let note = match (used.is_empty(), ignored.is_empty()) {
        (true, true) => return None,
        (true, false) => format!("{path} is not used"),
        _ => format!("using {path}: {}", used.join(", ")),
    };
    let note = if ignored.is_empty() {
        note
    } else {
        format!(
            "{note}; ignored: {}. A file in the current directory may not set these. If you trust it, name it: \
             --config {path}",
            ignored.join(", ")
        )
    };
    layer.values.retain(|name, _| Setting::by_name(name).is_some_and(|setting| setting.is_harmless));
    Some(note)
}

/// Replaces a layer's `api-key-file` by the key in that file, and drops blank keys: a blank key is no key.
pub(crate) fn read_keys(layer: &mut Layer) -> Result<(), String> {
    layer.values.retain(|name, given| {
        let is_secret = Setting::by_name(name).is_some_and(|setting| setting.secret);
        !is_secret || given.texts.iter().any(|text| !text.trim().is_empty())
    });
    let Some(file) = layer.values.get("api-key-file").cloned() else { return Ok(()) };
    let (Some(path), Some(setting)) = (file.texts.last(), Setting::by_name("api-key")) else { return Ok(()) };
    if let Some(key) = layer.values.get("api-key") {
        return Err(format!("both {} and {} are set: use one of them", key.from, file.from));
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read the key in {path} (from {}): {error}", file.from))?;
    if text.trim().is_empty() {
        return Err(format!("the file {path} (from {}) holds no key", file.from));
    }
    layer.set(setting, vec![text], format!("{path} (from {})", file.from));
    Ok(())
}

/// Reads a file, and returns its values and all errors.
pub(crate) fn file(path: &Path) -> (Layer, Vec<String>) {
    match std::fs::read_to_string(path) {
        Ok(text) => parse_file(&text, &path.display().to_string()),
        Err(error) => (Layer::default(), vec![format!("cannot read {}: {error}", path.display())]),
    }
}

/// Parses the text of a settings file.
pub(crate) fn parse_file(text: &str, from: &str) -> (Layer, Vec<String>) {
    let mut layer = Layer::default();
    let mut errors = Vec::new();
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            return (layer, vec![format!("{from} is not valid TOML: {}", error.to_string().trim_end())]);
        }
    };
    for (key, value) in table {
        let Some(setting) = Setting::by_name(&key.replace('_', "-")) else {
            let known: Vec<String> = SETTINGS.iter().map(Setting::key).collect();
            errors.push(format!("{from}: there is no setting {key:?}; allowed: {}", known.join(", ")));
            continue;
        };
        match texts(&value) {
            Some(texts) if texts.len() == 1 || setting.many => layer.set(setting, texts, from),
            Some(_) => errors.push(format!("{from}: {key} takes one value, not a list")),
            None => errors.push(format!("{from}: {key} takes text, a number, true or false")),
        }
    }
    (layer, errors)
}

fn texts(value: &toml::Value) -> Option<Vec<String>> {
    Some(match value {
        toml::Value::String(text) => vec![text.clone()],
        toml::Value::Integer(number) => vec![number.to_string()],
        toml::Value::Float(number) => vec![number.to_string()],
        toml::Value::Boolean(flag) => vec![flag.to_string()],
        toml::Value::Array(array) => {
            let mut all = Vec::new();
            for item in array {
                all.extend(texts(item)?);
            }
            all
        }
        toml::Value::Datetime(_) | toml::Value::Table(_) => return None,
    })
}
