//! This test's own binary again, with an environment of its own: what reads variables is tested so.

use std::{
    env,
    process::{Command, Output},
};

const CHILD: &str = "TURNSCOPE_TEST_CHILD";

/// Whether this is the process that [`process`] started for a test.
pub(crate) fn is_child() -> bool {
    env::var_os(CHILD).is_some()
}

/// What a process says that runs the test `name` with these variables, and nothing else of OpenTelemetry's or ours.
pub(crate) fn process(name: &str, variables: &[(&str, &str)]) -> String {
    process_through(&[], name, variables)
}

/// As [`process`], started by another program that is given it as arguments.
pub(crate) fn process_through(starter: &[&str], name: &str, variables: &[(&str, &str)]) -> String {
    let Output { status, stdout, stderr } = command(starter, name, variables).output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{text}");
    text
}

/// Such a process, not yet started.
pub(crate) fn command(starter: &[&str], name: &str, variables: &[(&str, &str)]) -> Command {
    let own = env::current_exe().unwrap();
    let mut child = match starter {
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
