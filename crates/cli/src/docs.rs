//! The pages that are generated from what the program says of itself: docs/cli.md and docs/configuration.md. The
//! tests fail when a page is old; `TURNSCOPE_BLESS=1 cargo test -p turnscope-cli docs` writes both anew.

use crate::{
    cli::Cli,
    exit::CODES,
    settings::list::{PROFILES, SETTINGS},
};
use clap::CommandFactory as _;
use std::{fmt::Write as _, fs, path::Path};

const GENERATED: &str = "<!-- Generated from the program; `TURNSCOPE_BLESS=1 cargo test -p turnscope-cli docs` writes it anew. -->\n\n";

fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    if std::env::var_os("TURNSCOPE_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(there == text, "docs/{name} is old: run TURNSCOPE_BLESS=1 cargo test -p turnscope-cli docs");
}

#[test]
fn the_page_of_commands_is_fresh() {
    let mut out = format!("# The command line\n\n{GENERATED}");
    out.push_str(
        "Data goes to stdout, everything else to stderr. Commands that read take `--data DIR`, `--server URL` and `--json`; they ask the \
         running server, or read the data directory itself when none runs. Colours appear on a terminal only and not \
         with `NO_COLOR`; `COLUMNS` sets the width; `TURNSCOPE_ASCII=1` leaves out everything that is not ASCII.\n\n\
         RUN is a run id or its beginning (four characters or more), a trace id, the application's own id, or `last`.\n\n\
         ## Exit codes\n\n| code | meaning |\n| --- | --- |\n",
    );
    for (code, meaning) in CODES {
        let _ = writeln!(out, "| {} | {meaning} |", *code as u8);
    }
    let mut command = Cli::command().term_width(100);
    command.build();
    for sub in command.get_subcommands_mut().filter(|sub| sub.get_name() != "help") {
        let name = sub.get_name().to_owned();
        let help = sub.clone().term_width(100).render_long_help().to_string();
        let help: Vec<&str> = help.lines().map(str::trim_end).collect();
        let _ = write!(out, "\n## turnscope {name}\n\n```text\n{}\n```\n", help.join("\n").trim());
    }
    check("cli.md", &out);
}

#[test]
fn the_page_of_settings_is_fresh() {
    let mut out = format!("# Configuration\n\n{GENERATED}");
    out.push_str(
        "Each setting comes from the strongest of these that has it: the flag, `TURNSCOPE_*`, `TRACE_*`, `OTEL_*`, the settings file, the \
         profile, the default. `turnscope config` prints each value and where it came from; `turnscope init` writes a \
         commented file.\n\n\
         The settings file is the one that `--config` or `TURNSCOPE_CONFIG` names, else `./turnscope.toml`, else \
         `turnscope.toml` in the platform's directory for settings. Unknown keys are errors.\n\n\
         `TRACE_DB_PATH` names a file: the directory around it is the data directory. Everything is checked before a \
         port is opened, and every mistake is reported.\n\n\
         ## Profiles\n\n| profile | what | sets |\n| --- | --- | --- |\n",
    );
    for (name, what, values) in PROFILES {
        let values: Vec<String> = values.iter().map(|(name, value)| format!("`{name}` {value}")).collect();
        let _ = writeln!(out, "| `{name}` | {what} | {} |", values.join(", "));
    }
    out.push_str("\n## Settings\n\n| flag | in the file | variables | default | what |\n| --- | --- | --- | --- | --- |\n");
    for setting in SETTINGS {
        let mut variables = vec![format!("`{}`", setting.variable())];
        variables.extend(setting.env.iter().map(|name| format!("`{name}`")));
        let value = if setting.value.is_empty() { String::new() } else { format!(" {}", setting.value) };
        let _ = writeln!(
            out,
            "| `--{}{}` | `{}` | {} | {} | {} |",
            setting.name,
            value.replace('|', "\\|"),
            setting.key(),
            variables.join(", "),
            setting.default,
            setting.help
        );
    }
    check("configuration.md", &out);
}
