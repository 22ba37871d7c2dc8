//! Configuration: layers of values with their sources, resolved into typed settings.
//!
//! Order of precedence: flag, `TURNSCOPE_*`, `TRACE_*`, `OTEL_*`, `turnscope.toml`, profile, default. A file that was
//! named is the only one. Otherwise `./turnscope.toml` comes before the platform's, for harmless settings only.

mod layers;
pub(crate) mod list;
mod parse;
mod resolve;

pub(crate) use parse::{bytes as parse_bytes, days as parse_days, time as parse_time};
pub(crate) use resolve::{Log, Origin, Resolved, Settings};

use crate::exit::{Code, Failure};
use clap::{Arg, ArgAction, ArgMatches, Command};
use etcetera::app_strategy::{AppStrategy, AppStrategyArgs, choose_native_strategy};
use layers::{Files, Layer};
use list::{PLATFORM, SETTINGS, Setting, Used};
use std::{path::PathBuf, sync::Once};

/// The platform's directories for this program.
pub(crate) fn directories() -> Option<impl AppStrategy> {
    choose_native_strategy(AppStrategyArgs { app_name: "turnscope".into(), ..AppStrategyArgs::default() })
        .ok()
}

/// Whether the note on `./turnscope.toml` was printed.
static NOTE: Once = Once::new();

/// The flags of `serve` and `demo`.
pub(crate) const SERVE: bool = true;
/// The flags of commands that read.
pub(crate) const READ: bool = false;

/// The settings given as flags.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags<const SERVES: bool> {
    layer: Layer,
    file: Option<PathBuf>,
}

impl<const SERVES: bool> Flags<SERVES> {
    /// Resolves the settings from these flags and all other sources.
    pub(crate) fn resolve(&self) -> Result<Settings, Failure> {
        let resolved = self.resolve_all();
        resolved.settings.ok_or_else(|| invalid(&resolved.errors))
    }

    /// Resolves the settings, with their sources and all that is wrong in them.
    pub(crate) fn resolve_all(&self) -> Resolved {
        let variable = |name: &str| std::env::var(name).ok();
        let mut layers = vec![self.layer.clone()];
        layers.extend(layers::environment(&variable));
        let mut errors = Vec::new();
        match layers::files(self.file.as_deref(), &variable) {
            Files::Named(path) => {
                let (layer, wrong) = layers::file(&path);
                layers.push(layer);
                errors = wrong;
            }
            Files::Found { here, platform } => {
                if let Some(path) = here {
                    let (mut layer, wrong) = layers::file(&path);
                    if let Some(note) = layers::only_harmless(&mut layer, &path) {
                        // Once, although some commands resolve their settings several times.
                        NOTE.call_once(|| eprintln!("{note}"));
                    }
                    layers.push(layer);
                    errors = wrong;
                }
                if let Some(path) = platform {
                    let (layer, wrong) = layers::file(&path);
                    layers.push(layer);
                    errors.extend(wrong);
                }
            }
        }
        errors.extend(layers.iter_mut().filter_map(|layer| layers::read_keys(layer).err()));
        let mut platform = Layer::default();
        if let (Some(directories), Some(data)) = (directories(), Setting::by_name("data")) {
            platform.set(data, vec![directories.data_dir().display().to_string()], "default");
        }
        layers.push(platform);
        let purpose = if SERVES { resolve::Purpose::Serving } else { resolve::Purpose::Reading };
        resolve::resolve(&layers, purpose, errors)
    }

    /// Whether the flag was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.layer.values.contains_key(name)
    }

    /// Sets a value as if the flag had been given.
    pub(crate) fn set(&mut self, name: &str, value: String) {
        if let Some(setting) = Setting::by_name(name) {
            self.layer.set(setting, vec![value], format!("--{name}"));
        }
    }
}

/// The error that names everything that is wrong.
pub(crate) fn invalid(errors: &[String]) -> Failure {
    let message = match errors {
        [one] => one.clone(),
        several => format!("{} settings are invalid:\n  - {}", several.len(), several.join("\n  - ")),
    };
    Failure::new(Code::Usage, message)
        .hint("`turnscope config` shows each value and its source; `turnscope init` writes a settings file")
}

fn taken(setting: &Setting, serves: bool) -> bool {
    match setting.used {
        Used::Both => setting.name != "silence" || serves,
        Used::Serve => serves,
        Used::Read => !serves,
    }
}

impl<const SERVES: bool> clap::FromArgMatches for Flags<SERVES> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for setting in SETTINGS.iter().filter(|setting| taken(setting, SERVES)) {
            if let Some(texts) = matches.get_many::<String>(setting.name) {
                self.layer.set(setting, texts.cloned().collect(), format!("--{}", setting.name));
            }
        }
        self.file = matches.get_one::<PathBuf>("config").cloned();
        Ok(())
    }
}

impl<const SERVES: bool> clap::Args for Flags<SERVES> {
    fn augment_args(command: Command) -> Command {
        let heading = if SERVES { "Settings" } else { "Where to read" };
        let mut command = command.arg(
            Arg::new("config")
                .long("config")
                .value_name("PATH")
                .value_parser(clap::value_parser!(PathBuf))
                .help(
                    "The settings file [default: harmless settings of ./turnscope.toml, then the platform's]",
                )
                .help_heading(heading),
        );
        for setting in SETTINGS.iter().filter(|setting| taken(setting, SERVES)) {
            let mut arg = Arg::new(setting.name).long(setting.name).help(help(setting)).help_heading(heading);
            arg = if setting.is_switch() {
                arg.num_args(0..=1).require_equals(true).default_missing_value("true").value_name("BOOL")
            } else {
                arg.value_name(setting.value)
            };
            arg = arg.action(if setting.many { ArgAction::Append } else { ArgAction::Set });
            command = command.arg(arg);
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn help(setting: &Setting) -> String {
    match setting.default {
        "" => setting.help.to_owned(),
        PLATFORM => format!("{} [default: {PLATFORM}]", setting.help),
        default => format!("{} [default: {default}]", setting.help),
    }
}
