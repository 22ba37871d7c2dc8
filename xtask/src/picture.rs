//! Pictures of the program's terminal output for the README: starts the demo, runs commands, and draws what they print.

use anyhow::{Context as _, bail};
use std::{
    fmt::Write as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// The width of the pictures, in columns.
const COLUMNS: usize = 124;
/// The size of a character cell in pixels, at a font size of 13.
const CELL: (f64, f64) = (7.83, 17.0);

/// Draws `docs/images/runs.svg` and `docs/images/show.svg`.
pub(crate) fn draw() -> anyhow::Result<()> {
    crate::build()?;
    let program = crate::programs()?.join("turnscope");
    let program = program.as_std_path();
    let directory = std::env::temp_dir().join(format!("turnscope-picture-{}", std::process::id()));
    let ready = directory.with_extension("ready");
    let mut demo = start(program, &directory, &ready)?;
    let drawn = ["runs", "show"].iter().try_for_each(|command| {
        let arguments: &[&str] = if *command == "show" { &["show", "last"] } else { &["runs"] };
        let output = Command::new(program)
            .args(arguments)
            .arg("--data")
            .arg(&directory)
            .env("CLICOLOR_FORCE", "1")
            .env("COLUMNS", COLUMNS.to_string())
            .env_remove("NO_COLOR")
            .output()?;
        let text = format!(
            "\x1b[1m$ turnscope {}\x1b[0m\n{}",
            arguments.join(" "),
            String::from_utf8(output.stdout)?
        );
        std::fs::create_dir_all("docs/images")?;
        std::fs::write(format!("docs/images/{command}.svg"), svg(&text)).context("docs/images")
    });
    demo.kill()?;
    demo.wait()?;
    let _ = std::fs::remove_dir_all(&directory);
    let _ = std::fs::remove_file(&ready);
    drawn
}

fn start(program: &Path, data: &Path, ready: &Path) -> anyhow::Result<Child> {
    let demo = Command::new(program)
        .args(["demo", "--listen", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0"])
        .arg("--data")
        .arg(data)
        .arg("--ready-file")
        .arg(ready)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let deadline = Instant::now() + Duration::from_secs(20);
    while !ready.exists() {
        if Instant::now() > deadline {
            bail!("the demo was not ready after 20 s");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_secs(1)); // the demo sends its samples after its ports are open
    Ok(demo)
}

/// Draws terminal output as SVG: text with bold, dim and the eight colours.
fn svg(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let (width, height) = (COLUMNS as f64 * CELL.0 + 32.0, lines.len() as f64 * CELL.1 + 32.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#16181d\"/>\n"
    );
    for (row, line) in lines.iter().enumerate() {
        let y = 28.0 + row as f64 * CELL.1;
        let mut column = 0;
        for (style, piece) in pieces(line) {
            let cells = piece.chars().count();
            if !piece.trim().is_empty() {
                // Each piece is stretched to its cells, so that columns align in every font.
                let lead = piece.chars().take_while(|c| *c == ' ').count();
                let shown = piece.trim();
                let _ = writeln!(
                    out,
                    "<text x=\"{:.1}\" y=\"{y:.0}\" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\" {style}>{}</text>",
                    16.0 + (column + lead) as f64 * CELL.0,
                    shown.chars().count() as f64 * CELL.0,
                    shown.replace('&', "&amp;").replace('<', "&lt;")
                );
            }
            column += cells;
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Splits a line into pieces, each with its style as SVG attributes.
fn pieces(line: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let (mut bold, mut dim, mut colour) = (false, false, "#d7dae0");
    for (i, part) in line.split('\x1b').enumerate() {
        let text = match part.split_once('m').filter(|_| i > 0) {
            Some((codes, rest)) => {
                for code in codes.trim_start_matches('[').split(';') {
                    match code {
                        "" | "0" => (bold, dim, colour) = (false, false, "#d7dae0"),
                        "1" => bold = true,
                        "2" => dim = true,
                        "22" => (bold, dim) = (false, false),
                        "31" | "91" => colour = "#e06c75",
                        "32" | "92" => colour = "#98c379",
                        "33" | "93" => colour = "#e5c07b",
                        "34" | "94" => colour = "#61afef",
                        "35" | "95" => colour = "#c678dd",
                        "36" | "96" => colour = "#56b6c2",
                        "39" => colour = "#d7dae0",
                        "90" => colour = "#7f848e",
                        _ => {}
                    }
                }
                rest
            }
            None => part,
        };
        if text.is_empty() {
            continue;
        }
        let weight = if bold { " font-weight=\"bold\"" } else { "" };
        let opacity = if dim { " opacity=\"0.6\"" } else { "" };
        out.push((format!("fill=\"{colour}\"{weight}{opacity}"), text.to_owned()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_attributes_and_text_is_escaped() {
        let picture = svg("a \x1b[31mred <b>\x1b[0m & plain");
        assert!(picture.contains("fill=\"#e06c75\">red &lt;b></text>"), "{picture}");
        assert!(picture.contains("&amp; plain"));
    }
}
