//! Configuration: layers of values with their sources, resolved into typed settings.
//!
//! Order of precedence: flag, `TURNSCOPE_*`, `TRACE_*`, `OTEL_*`, `turnscope.toml`, profile, default.

mod layers;
pub(crate) mod list;
mod parse;
mod resolve;

pub(crate) use parse::{bytes as parse_bytes, days as parse_days, time as parse_time};
pub(crate) use resolve::{Log, Origin, Settings};

use crate::exit::{Code, Failure};
use clap::{Arg, ArgAction, ArgMatches, Command};
use etcetera::app_strategy::{AppStrategy, AppStrategyArgs, choose_native_strategy};
use layers::Layer;
use list::{PLATFORM, SETTINGS, Setting, Used};
use std::path::PathBuf;

/// The platform's directories for this program.
pub(crate) fn directories() -> Option<impl AppStrategy> {
    choose_native_strategy(AppStrategyArgs { app_name: "turnscope".into(), ..AppStrategyArgs::default() })
        .ok()
}

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
        self.resolve_with_origins().map(|(settings, _)| settings)
    }

    /// Resolves the settings, with their sources.
    pub(crate) fn resolve_with_origins(&self) -> Result<(Settings, Vec<Origin>), Failure> {
        let variable = |name: &str| std::env::var(name).ok();
        let mut layers = vec![self.layer.clone()];
        layers.extend(layers::environment(&variable));
        let mut errors = Vec::new();
        if let Some(path) = layers::file_path(self.file.as_deref(), &variable) {
            let (layer, wrong) = layers::file(&path);
            layers.push(layer);
            errors = wrong;
        }
        let mut platform = Layer::default();
        if let (Some(directories), Some(data)) = (directories(), Setting::by_name("data")) {
            platform.set(data, vec![directories.data_dir().display().to_string()], "default");
        }
        layers.push(platform);
        let purpose = if SERVES { resolve::Purpose::Serving } else { resolve::Purpose::Reading };
        match resolve::resolve(&layers, purpose) {
            Ok(resolved) if errors.is_empty() => return Ok(resolved),
            Ok(_) => {}
            Err(more) => errors.extend(more),
        }
        let message = match errors.as_slice() {
            [one] => one.clone(),
            several => format!("{} settings are invalid:\n  - {}", several.len(), several.join("\n  - ")),
        };
        Err(Failure::new(Code::Usage, message).hint(
            "`turnscope config` shows each value and its source; `turnscope init` writes a settings file",
        ))
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
                .help("The settings file [default: ./turnscope.toml, else the platform's]")
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
