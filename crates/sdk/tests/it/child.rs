//! Runs a test of this binary in a child process with its own environment, to test code that reads
//! environment variables.

use std::{
    env,
    process::{Command, Output},
};

const CHILD: &str = "TURNSCOPE_TEST_CHILD";

/// Whether this is a child process started by [`process`].
pub(crate) fn is_child() -> bool {
    env::var_os(CHILD).is_some()
}

/// Runs the test `name` in a child process with these variables and no others of OpenTelemetry's or ours, and
/// returns its output.
pub(crate) fn process(name: &str, variables: &[(&str, &str)]) -> String {
    process_through(&[], name, variables)
}

/// Like [`process`], but started through another program.
pub(crate) fn process_through(launcher: &[&str], name: &str, variables: &[(&str, &str)]) -> String {
    let Output { status, stdout, stderr } = command(launcher, name, variables).output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{text}");
    text
}

/// The command of such a child process.
pub(crate) fn command(launcher: &[&str], name: &str, variables: &[(&str, &str)]) -> Command {
    let own = env::current_exe().unwrap();
    let mut child = match launcher {
        [] => Command::new(own),
        [program, arguments @ ..] => {
            let mut child = Command::new(program);
            child.args(arguments).arg(own);
            child
        }
    };
    child.args(["--exact", name, "--nocapture"]).env(CHILD, "1");
    for (name, _) in env::vars().filter(|(name, _)| name.starts_with("OTEL_") || name.starts_with("TRACE_")) {
        child.env_remove(name);
    }
    child.envs(variables.iter().copied());
    child
}
