//! The developer's commands. See CONTRIBUTING.md.

fn main() -> anyhow::Result<()> {
    anyhow::bail!("no command yet")
}
