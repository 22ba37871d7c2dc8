//! Python environments for Python clients, created once in a cache outside the checkout.

use sha2::{Digest as _, Sha256};
use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// The folder with the tests' Python files.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python")
}

/// Whether Python tests are skipped. Prints a note if so.
pub(crate) fn is_left_out() -> bool {
    let is = std::env::var_os("TURNSCOPE_SKIP_PYTHON").as_deref() == Some(OsStr::new("1"));
    if is {
        println!("left out, as TURNSCOPE_SKIP_PYTHON=1 asks");
    }
    is
}

/// The `bin` folder of an environment with the packages of a requirements file, or why there is none. Installing may take at most
/// this long.
pub(crate) fn programs(requirements: &str, patience: Duration) -> Result<PathBuf, String> {
    let requirements = folder().join(requirements);
    let hash = Sha256::digest(std::fs::read(&requirements).map_err(|error| error.to_string())?);
    let short = u64::from_be_bytes(hash[..8].try_into().map_err(|_| "a hash has 32 bytes")?);
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
        .ok_or("neither HOME nor XDG_CACHE_HOME is set")?;
    let venv = cache.join("turnscope").join(format!("venv-{short:016x}"));
    // The marker is written last, so that an interrupted installation is repeated.
    let mark = venv.join("whole");
    if !mark.exists() {
        let _ = std::fs::remove_dir_all(&venv);
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        let mut pip = Command::new("timeout");
        pip.arg(patience.as_secs().to_string()).arg(venv.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&requirements);
        run(&mut pip)?;
        std::fs::write(mark, "").map_err(|error| error.to_string())?;
    }
    Ok(venv.join("bin"))
}

/// Runs a command. The error is its output.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("{command:?} ended with {}: {said}", output.status))
    }
}
