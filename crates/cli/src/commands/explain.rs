//! `turnscope explain`.

use super::reading::{Reading, run_id};
use crate::{
    client::encode,
    exit::{Code, Failure, Outcome},
    render::{self, terminal_style::TerminalStyle},
};
use turnscope_api::{Step, Timeline};

/// Arguments.
#[derive(clap::Args)]
pub(crate) struct Explain {
    /// A run id or its prefix, a trace id, the application's own id, `last`, or `<trace id>-<span id>` of any span
    run: String,
    /// The step's id or its prefix, or its name [default: the span that RUN names, else the run's first step]
    step: Option<String>,
    #[command(flatten)]
    reading: Reading,
}

/// Explains the facts of one step.
pub(crate) fn explain(args: &Explain) -> Outcome {
    let client = args.reading.client()?;
    let id = run_id(&client, &args.run)?;
    let timeline: Timeline = client.get(&format!("/v1/runs/{id}/timeline?limit={MOST_STEPS}"))?;
    let step = step_id(&timeline.steps, &args.run, args.step.as_deref())?;
    let style = TerminalStyle::for_stdout();
    args.reading.show(&client, &path(&id, step), |explained| render::explain::step(&style, explained))
}

/// Steps in which one is looked for.
const MOST_STEPS: usize = 100_000;
/// Steps that are named where a text means several.
const MOST_NAMED: usize = 8;

fn path(run: &str, step: &str) -> String {
    format!("/v1/runs/{}/steps/{}/explain", encode(run), encode(step))
}

/// The step that is meant.
fn step_id<'a>(steps: &'a [Step], run: &str, named: Option<&str>) -> Result<&'a str, Failure> {
    let Some(named) = named else {
        let span = run.split_once('-').map(|(_, span)| span.to_ascii_lowercase());
        let of_span = steps.iter().find(|step| step.span_id.is_some() && step.span_id == span);
        let first = of_span.or_else(|| steps.iter().find(|step| !step.outer)).or(steps.first());
        return first
            .map(|step| step.step_id.as_str())
            .ok_or_else(|| Failure::new(Code::NotFound, "the run has no steps"));
    };
    let exact = steps.iter().find(|step| step.step_id == named || step.span_id.as_deref() == Some(named));
    if let Some(step) = exact {
        return Ok(&step.step_id);
    }
    let meant =
        |matches: &dyn Fn(&Step) -> bool| steps.iter().filter(|step| matches(step)).collect::<Vec<_>>();
    let mut found = meant(&|step| step.name == named || step.tool_name.as_deref() == Some(named));
    if found.is_empty() && named.len() >= SHORTEST_PREFIX {
        found = meant(&|step| step.step_id.starts_with(named));
    }
    match &found[..] {
        [only] => Ok(&only.step_id),
        [] => Err(Failure::new(Code::NotFound, format!("the run has no step {named}"))
            .hint("`turnscope show RUN --json` lists the ids and names of its steps")),
        several => {
            let names: Vec<String> = several
                .iter()
                .take(MOST_NAMED)
                .map(|step| format!("\n    {}  {} {}", step.step_id, step.kind, step.name))
                .collect();
            let more = several.len().saturating_sub(MOST_NAMED);
            let more = if more > 0 { format!("\n    and {more} more") } else { String::new() };
            Err(Failure::usage(format!("{} steps are called {named}", several.len()))
                .hint(format!("use one of these ids:{}{more}", names.concat())))
        }
    }
}

/// A beginning of an id has at least this many characters.
const SHORTEST_PREFIX: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn step(id: &str, name: &str) -> Step {
        Step {
            step_id: id.to_owned(),
            span_id: Some(id.to_owned()),
            name: name.to_owned(),
            ..Step::default()
        }
    }

    #[test]
    fn a_step_is_meant_by_its_id_its_name_or_the_span_in_the_runs_id() {
        let steps = [
            step("aaaa1111", "agent"),
            step("bbbb2222", "chat"),
            step("bbbb3333", "tool"),
            step("c", "chat"),
        ];
        assert_eq!(step_id(&steps, "last", None).ok(), Some("aaaa1111"));
        assert_eq!(step_id(&steps, "0af7-BBBB2222", None).ok(), Some("bbbb2222"));
        assert_eq!(step_id(&steps, "last", Some("bbbb3333")).ok(), Some("bbbb3333"));
        assert_eq!(step_id(&steps, "last", Some("tool")).ok(), Some("bbbb3333"));
        assert_eq!(step_id(&steps, "last", Some("aaaa")).ok(), Some("aaaa1111"));
        for several_or_none in ["chat", "bbbb", "aa", "nothing"] {
            assert!(step_id(&steps, "last", Some(several_or_none)).is_err(), "{several_or_none}");
        }
        assert!(step_id(&[], "last", None).is_err());
    }
}
