//! `turnscope init`: writes a settings file with comments.

use crate::{
    exit::{Failure, Outcome},
    settings::list::{PROFILES, SETTINGS, Setting, Used},
};
use std::{fmt::Write as _, path::PathBuf};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Init {
    /// The profile: production, development or debug
    #[arg(long, value_name = "NAME", default_value = "development", value_parser = ["production", "development", "debug"])]
    profile: String,
    /// The output file
    #[arg(long, value_name = "PATH", default_value = "turnscope.toml")]
    output: PathBuf,
    /// Overwrite an existing file
    #[arg(long)]
    force: bool,
}

/// Writes the file.
pub(crate) fn init(args: &Init) -> Outcome {
    let path = args.output.display();
    if args.output.exists() && !args.force {
        return Err(Failure::usage(format!("{path} already exists")).hint("use --force to overwrite it"));
    }
    std::fs::write(&args.output, file(&args.profile))
        .map_err(|error| Failure::failed(format!("cannot write {path}: {error}")))?;
    eprintln!(
        "Wrote {path}. `turnscope serve --config {path}` uses it, and `turnscope config --config {path}` shows the \
         resulting settings. Without --config, only harmless settings are read from the current directory."
    );
    Ok(())
}

/// The text of the file.
fn file(profile: &str) -> String {
    let mut out = String::from(
        "# Settings of turnscope. Commented settings have their default values.\n\
         # Flags and environment variables take precedence over this file; `turnscope config` shows the source of each value.\n",
    );
    for (name, what, _) in PROFILES {
        let _ = write!(out, "\n# {name}: {what}.");
    }
    let _ = write!(out, "\nprofile = \"{profile}\"\n");
    let values = PROFILES.iter().find(|(name, ..)| *name == profile).map_or(&[][..], |(.., values)| *values);
    for setting in SETTINGS.iter().filter(|setting| setting.name != "profile" && setting.used != Used::Read) {
        let value = values.iter().find(|(name, _)| *name == setting.name).map(|(_, value)| *value);
        let _ = write!(out, "\n# {}.\n# {} = {}\n", setting.help, setting.key(), example(setting, value));
    }
    out
}

/// A setting's value in TOML.
fn example(setting: &Setting, value: Option<&str>) -> String {
    let value = value.unwrap_or(setting.default);
    if setting.many {
        return "[]".to_owned();
    }
    if value.parse::<f64>().is_ok() || matches!(value, "true" | "false") {
        return value.to_owned();
    }
    let literal = !value.contains(' ') && value != "stderr";
    format!("{:?}", if literal { value } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_valid_and_has_every_setting() {
        for (profile, ..) in PROFILES {
            let text = file(profile);
            let table: toml::Table = text.parse().unwrap();
            assert_eq!(table["profile"].as_str(), Some(*profile));
            let all: String = text
                .lines()
                .map(|line| line.strip_prefix("# ").filter(|rest| rest.contains(" = ")).unwrap_or(line))
                .fold(String::new(), |all, line| all + line + "\n");
            let table: toml::Table = all.parse().unwrap();
            assert_eq!(table.len(), SETTINGS.len() - 1, "all except `server`");
        }
    }
}
