//! The policy's three verdicts, and a person's answers on a terminal: as shown on the terminal, in the trace and in the audit
//! trail, with links between them.

use super::World;
use serde_json::Value as Json;
use std::{
    io::{Read as _, Write as _},
    process::{Command, Stdio},
};
use turnscope_tests::testkit::program;

/// Runs the clerk on a terminal made by `script` (util-linux), types `says` when asked, and returns the screen's text.
fn on_a_terminal(world: &World, task: &str, says: &str) -> String {
    let line = format!("'{}' run clerk.yaml -p '{task}'", program("turnscope-agents").display());
    let agents = world.agents(&[]);
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    command.env_clear().envs(agents.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command.env("PATH", "/usr/bin:/bin").env("USER", "ada").current_dir(world.directory.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("script, of util-linux");
    let (mut keys, mut screen) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
    let mut seen = Vec::new();
    let mut piece = [0_u8; 1024];
    let mut is_asked = false;
    loop {
        let count = screen.read(&mut piece).expect("a screen");
        if count == 0 {
            break;
        }
        seen.extend_from_slice(&piece[..count]);
        if !is_asked && String::from_utf8_lossy(&seen).contains("[y/N]") {
            is_asked = true;
            keys.write_all(format!("{says}\n").as_bytes()).expect("typed");
        }
    }
    assert!(child.wait().expect("it ends").success(), "{}", String::from_utf8_lossy(&seen));
    String::from_utf8_lossy(&seen).into_owned()
}

/// The decisions about tools in the audit trail of the only run.
fn decisions(world: &World) -> (Json, Vec<Json>) {
    let runs = world.runs(2); // the run, and the ingest run for the handbook
    let run = runs.into_iter().find(|run| run["tool_call_count"] == 1).expect("the run");
    let records = world.audit_of(&run);
    let of_tools =
        records.into_iter().filter(|record| record["record"] == "decision" && record["tool"].is_string());
    (run.clone(), of_tools.collect())
}

/// Follows the link from an audit record to its step, and back.
fn leads_to_its_step(world: &World, run: &Json, record: &Json) -> Json {
    assert_eq!(record["run_id"], run["run_id"], "from the record to its run");
    let trace = world.server.json(&format!("/v1/traces/{}", record["trace_id"].as_str().expect("a trace")));
    let steps = trace["steps"].as_array().expect("steps");
    let step = steps.iter().find(|step| step["span_id"] == record["span_id"]).expect("the gate's step");
    assert_eq!(step["run_id"], run["run_id"]);
    assert_eq!((&step["kind"], &step["verdict"]["reason"]), (&"policy".into(), &record["reason"]));
    let shown = world.turnscope(&["audit", "show", run["run_id"].as_str().expect("an id")]);
    assert!(shown.contains(record["reason"].as_str().expect("a reason")), "{shown}");
    step.clone()
}

#[test]
fn what_is_allowed_and_what_is_denied() {
    // Both allow the agent to start.
    for (task, verdict, counts, told) in [
        ("What is 17 times 23, exactly?", "allow", [2, 0, 0], "17 times 23 is 391."),
        ("What is kept under private notes?", "deny", [1, 1, 0], "I may not do that."),
    ] {
        let world = World::of("clerk", "script.json");
        let ran = world.agents(&["run", "clerk.yaml", "-p", task]).output().expect("the program");
        let (answer, said) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert_eq!(answer, format!("{told}\n"), "{said}");
        let word = if verdict == "allow" { "calculate: allowed: " } else { "memory_get: denied: " };
        assert!(said.starts_with(&format!("clerk: {word}")), "{said}");
        let (run, records) = decisions(&world);
        assert_eq!(
            ["allow_count", "deny_count", "hitl_count"].map(|key| run[key].clone()),
            counts,
            "{run:#}"
        );
        assert_eq!(records.len(), 1);
        assert_eq!((&records[0]["verdict"], &records[0]["decided_by"]), (&verdict.into(), &"policy".into()));
        let step = leads_to_its_step(&world, &run, &records[0]);
        assert_eq!(step["verdict"]["verdict"], verdict, "{step:#}");
        let denied = world.turnscope(&["audit", "list", "--denied"]);
        assert_eq!(denied.contains("what is private must not be read"), verdict == "deny", "{denied}");
    }
}

#[test]
fn a_person_at_the_terminal_decides() {
    for (says, order, resolution, answer) in [
        ("y", 7, "approved", "Refunded: 240 for order 7."),
        ("no, not that much", 8, "rejected", "I may not do that."),
    ] {
        let world = World::of("clerk", "script.json");
        let screen = on_a_terminal(&world, &format!("Refund 240 for order {order}, which never came."), says);
        let question = format!(
            "clerk wants to call memory_set with {{\"key\":\"refund {order}\",\"value\":\"240\"}}: a refund above 100 needs a person. Approve? [y/N]"
        );
        assert!(screen.contains(&question) && screen.contains(answer), "{screen}");
        let decided =
            format!("clerk: memory_set: {resolution} by user:ada: a refund above 100 needs a person");
        assert!(screen.contains(&decided), "{screen}");

        let (run, records) = decisions(&world);
        assert_eq!(run["hitl_count"], 1, "{run:#}");
        let who: Vec<(&Json, &Json, &Json)> = records
            .iter()
            .map(|record| (&record["verdict"], &record["resolution"], &record["decided_by"]))
            .collect();
        let hitl = Json::from("hitl");
        assert_eq!(
            who,
            [(&hitl, &Json::Null, &"policy".into()), (&hitl, &resolution.into(), &"user:ada".into())],
            "asked, and answered"
        );
        let step = leads_to_its_step(&world, &run, &records[1]);
        assert_eq!(
            (&step["verdict"]["resolution"], &step["verdict"]["decided_by"], &step["verdict"]["risk_tier"]),
            (&resolution.into(), &"user:ada".into(), &"high".into()),
            "{step:#}"
        );
        let shown = world.turnscope(&["show", run["run_id"].as_str().expect("an id")]);
        let failed = if resolution == "rejected" { "✗ " } else { "" };
        assert!(shown.contains(&format!("memory_set {failed}{resolution} by user:ada")), "{shown}");
        assert!(!shown.contains("turn 1"), "its turns have spans of their own: {shown}");
    }
}
