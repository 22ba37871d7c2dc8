//! Generates docs/cli.md and docs/configuration.md from the program. The tests fail if a page is outdated;
//! `TURNSCOPE_BLESS=1 cargo test -p turnscope-cli docs` updates both.

use crate::{
    cli::Cli,
    exit::CODES,
    settings::list::{PROFILES, SETTINGS},
};
use clap::CommandFactory as _;
use std::{fmt::Write as _, fs, path::Path};

const GENERATED: &str = "<!-- Generated from the program; update it with `TURNSCOPE_BLESS=1 cargo test -p turnscope-cli docs`. -->\n\n";

fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    if std::env::var_os("TURNSCOPE_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let current = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        current == text,
        "docs/{name} is outdated: run TURNSCOPE_BLESS=1 cargo test -p turnscope-cli docs"
    );
}

#[test]
fn the_page_of_commands_is_up_to_date() {
    let mut out = format!("# The command line\n\n{GENERATED}");
    out.push_str(
        "Data goes to stdout, everything else to stderr. Commands that read take `--data DIR`, `--server URL` and `--json`. They \
         send requests to the running server, or read the data directory if none runs. Output is coloured only on a terminal, and \
         not with `NO_COLOR`; `COLUMNS` sets the width; `TURNSCOPE_ASCII=1` limits the output to ASCII.\n\n\
         RUN is a run id or its prefix (four characters or more), a trace id, the application's own id, or `last`.\n\n\
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
fn the_page_of_settings_is_up_to_date() {
    let mut out = format!("# Configuration\n\n{GENERATED}");
    out.push_str(
        "The value of a setting comes from the first of these that has it: the flag, `TURNSCOPE_*`, `TRACE_*`, `OTEL_*`, the settings file, \
         the profile, the default. `turnscope config` prints each value and its source; `turnscope init` writes a file with comments.\n\n\
         The settings file is the one given by `--config` or `TURNSCOPE_CONFIG`, else `turnscope.toml` in the \
         platform's configuration directory. Unknown keys are errors. A `turnscope.toml` in the current directory may be a stranger's, so \
         without being named it sets harmless things only, and each command says on stderr what it used and what it ignored. \
         In the table these settings have a ✓. It never names a server, a data directory, a content store or a file to write, sets no key, deletes \
         nothing and weakens no protection.\n\n\
         `TRACE_DB_PATH` is the path of a file; its directory becomes the data directory. All settings are checked before a port is \
         opened, and all errors are reported.\n\n\
         ## Profiles\n\n| profile | description | sets |\n| --- | --- | --- |\n",
    );
    for (name, what, values) in PROFILES {
        let values: Vec<String> = values.iter().map(|(name, value)| format!("`{name}` {value}")).collect();
        let _ = writeln!(out, "| `{name}` | {what} | {} |", values.join(", "));
    }
    out.push_str("\n## Settings\n\n| flag | in the file | variables | default | description |\n| --- | --- | --- | --- | --- |\n");
    for setting in SETTINGS {
        let mut variables = vec![format!("`{}`", setting.variable())];
        variables.extend(setting.env.iter().map(|name| format!("`{name}`")));
        let value = if setting.value.is_empty() { String::new() } else { format!(" {}", setting.value) };
        let _ = writeln!(
            out,
            "| `--{}{}` | `{}`{} | {} | {} | {} |",
            setting.name,
            value.replace('|', "\\|"),
            setting.key(),
            if setting.is_harmless { " ✓" } else { "" },
            variables.join(", "),
            setting.default,
            setting.help
        );
    }
    check("configuration.md", &out);
}
