//! Checks the licences and duplicate versions of our dependencies against `deny.toml`, offline.
//!
//! cargo-deny does the same and more, and reads the same file. It would have to be installed first: a build of 170 crates and
//! several minutes of CI, for what these few lines do with `cargo metadata` and the crate `spdx`.

use anyhow::{Context as _, bail};
use cargo_metadata::MetadataCommand;
use std::collections::{BTreeMap, BTreeSet};

#[derive(serde::Deserialize)]
struct Deny {
    licenses: Licenses,
    bans: Bans,
}

#[derive(serde::Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
}

#[derive(serde::Deserialize)]
struct Bans {
    #[serde(default)]
    skip: BTreeSet<String>,
}

/// Fails with every package whose licence is not allowed, every crate that comes in two versions without being named in
/// `deny.toml`, and every name there that is no longer needed.
pub(crate) fn check() -> anyhow::Result<()> {
    let deny: Deny = toml::from_str(&std::fs::read_to_string("deny.toml").context("deny.toml")?)?;
    let metadata = MetadataCommand::new().other_options(vec!["--filter-platform".into(), host()?]).exec()?;
    let resolved: BTreeSet<_> =
        metadata.resolve.context("no dependency graph")?.nodes.into_iter().map(|node| node.id).collect();
    let mut complaints = Vec::new();
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let ours: BTreeSet<_> = metadata.workspace_members.iter().cloned().collect();
    for package in metadata.packages.iter().filter(|package| resolved.contains(&package.id)) {
        if ours.contains(&package.id) {
            continue;
        }
        versions.entry(package.name.to_string()).or_default().insert(package.version.to_string());
        let licence = package.license.as_deref().unwrap_or("");
        let expression = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX)
            .with_context(|| format!("{} {}: licence {licence:?}", package.name, package.version))?;
        let allowed =
            expression.evaluate(|requirement| deny.licenses.allow.contains(&requirement.to_string()));
        if !allowed {
            complaints.push(format!("{} {} is licensed {licence:?}", package.name, package.version));
        }
    }
    for (name, versions) in &versions {
        if versions.len() > 1 && !deny.bans.skip.contains(name) {
            let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
            complaints.push(format!("{name} comes in versions {}", versions.join(" and ")));
        }
    }
    for name in &deny.bans.skip {
        if versions.get(name).is_none_or(|versions| versions.len() < 2) {
            complaints.push(format!("{name} no longer comes twice: take it out of deny.toml"));
        }
    }
    if complaints.is_empty() {
        eprintln!("deny: {} packages, all licences allowed", versions.len());
        return Ok(());
    }
    bail!("deny.toml does not allow:\n  {}", complaints.join("\n  "))
}

fn host() -> anyhow::Result<String> {
    let output = std::process::Command::new("rustc").arg("-vV").output()?;
    let text = String::from_utf8(output.stdout)?;
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .context("rustc did not say its host")
}
