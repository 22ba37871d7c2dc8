//! Tests of the binary.

use crate::world::World;
use serde_json::json;
use std::process::{Command, Output};
use turnscope_scripted_model::{Reply, Script};

fn run(world: &World, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_turnscope-agents"))
        .args(args)
        .env_clear()
        .env("HOME", world.directory.path())
        .env("OPENAI_BASE_URL", world.model.base_url())
        .current_dir(world.directory.path())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_answer_is_on_stdout_and_nothing_else() {
    let script = Script::new().reply(Reply::tool("clock", json!({}))).reply(Reply::text("It is late."));
    let world = World::new(script);
    world.role("openai", "  tools: [{mcp: builtin}]\n");
    let ran = run(&world, &["run", "role.yaml", "-p", "What time is it?", "--data", "data"]);
    assert_eq!(
        (ran.status.code(), text(&ran.stdout).as_str(), text(&ran.stderr).as_str()),
        (Some(0), "It is late.\n", "")
    );
    assert!(world.directory.path().join("data/audit.db").exists());
    let request = world.model.requests();
    assert_eq!(request[0].header("traceparent"), None, "no trace context without an observability section");
    assert!(request[1].body.to_string().contains("tool_call_id"));
}

#[test]
fn without_audit_there_is_no_file() {
    let world = World::new(Script::new().reply(Reply::text("Hello.")));
    world.role("openai", "");
    let before = std::fs::read_dir(world.directory.path()).unwrap().count();
    let ran = run(&world, &["run", "role.yaml", "-p", "Hi", "--no-audit", "--runner", "plan-execute"]);
    assert_eq!(ran.status.code(), Some(3), "a plan needs more than one reply: {}", text(&ran.stderr));
    assert!(text(&ran.stderr).contains("the script has no reply"), "{}", text(&ran.stderr));
    assert_eq!(std::fs::read_dir(world.directory.path()).unwrap().count(), before);
}

#[test]
fn spans_go_to_stderr_with_the_console_backend() {
    let world = World::new(Script::new().reply(Reply::text("Hello.")));
    world.role("openai", "  observability: {backend: console, include_content: true}\n");
    let ran = run(&world, &["run", "role.yaml", "-p", "Hi", "--no-audit"]);
    assert_eq!(text(&ran.stdout), "Hello.\n");
    let said = text(&ran.stderr);
    for name in ["agent.run", "agent.turn", "chat test-model", "gen_ai.output.messages"] {
        assert!(said.contains(name), "{name}: {said}");
    }
}

#[test]
fn the_observability_section_controls_what_is_recorded() {
    let said = |section: &str| {
        let script = Script::new().reply(Reply::tool("clock", json!({}))).reply(Reply::text("It is late."));
        let world = World::new(script);
        world.role(
            "openai",
            &format!("  tools: [{{mcp: builtin}}]\n  observability: {{backend: console, {section}}}\n"),
        );
        let ran = run(&world, &["run", "role.yaml", "-p", "What time is it?", "--no-audit"]);
        assert_eq!(text(&ran.stdout), "It is late.\n");
        text(&ran.stderr)
    };
    let all = said("include_content: true");
    for part in ["gen_ai.usage", "tool.call", "It is late."] {
        assert!(all.contains(part), "{part}: {all}");
    }
    let without = said("trace_token_usage: false, trace_tool_calls: false");
    assert!(without.contains("agent.run") && without.contains("agent.turn"), "{without}");
    for part in ["gen_ai.usage", "tool.call", "It is late."] {
        assert!(!without.contains(part), "{part}: {without}");
    }
    assert_eq!(said("sample_rate: 0.0"), "");
    let names = said("names: semconv");
    assert!(names.contains("invoke_agent clerk") && names.contains("execute_tool clock"), "{names}");
}

#[test]
fn policy_decisions_are_printed_to_stderr() {
    let script = Script::new()
        .reply(
            Reply::tool("clock", json!({}))
                .and_tool("calculate", json!({ "expression": "1" }))
                .and_tool("memory_get", json!({ "key": "k" })),
        )
        .reply(Reply::text("Done."));
    let world = World::new(script);
    world.role("openai", "  tools: [{mcp: builtin}]\n  policy: {files: [policy.rego]}\n");
    world.write(
        "policy.rego",
        "package turnscope\nallow if input.tool == \"clock\"\nrequires_hitl if input.tool == \"memory_get\"\n",
    );
    let ran = run(&world, &["run", "role.yaml", "-p", "x", "--no-audit"]);
    assert_eq!(text(&ran.stdout), "Done.\n");
    let said = "clerk: clock: allowed: the policy allows it
clerk: calculate: denied: no policy rule allows it
clerk: memory_get: rejected by nobody (no terminal): the policy requires human approval
";
    assert_eq!(text(&ran.stderr), said);
}

/// The number of threads while the program waits for its model.
#[cfg(target_os = "linux")]
fn threads_while_asking(section: &str) -> usize {
    use std::io::{BufRead as _, Write as _};
    let world = World::new(Script::new());
    world.role("openai", section);
    let provider = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_turnscope-agents"))
        .args(["run", "role.yaml", "-p", "Hi", "--no-audit"])
        .env_clear()
        .env("OPENAI_BASE_URL", format!("http://{}/v1", provider.local_addr().unwrap()))
        .current_dir(world.directory.path())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let (mut asking, _) = provider.accept().unwrap();
    let head = std::io::BufReader::new(asking.try_clone().unwrap()).lines().map_while(Result::ok);
    assert!(head.take_while(|line| !line.is_empty()).count() > 1, "a request");
    let threads = std::fs::read_dir(format!("/proc/{}/task", child.id())).unwrap().count();
    asking.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    threads
}

#[test]
#[cfg(target_os = "linux")]
fn without_observability_there_are_no_extra_threads() {
    assert_eq!(threads_while_asking(""), 1);
    let exporting = threads_while_asking("  observability: {backend: console}\n");
    assert!(exporting > 1, "the exporter should need threads: {exporting}");
}

#[test]
fn each_outcome_has_its_exit_code() {
    let again = || Script::new().reply(Reply::tool("clock", json!({})).repeated());
    for (more, script, data, code, said) in [
        ("  tools: [{mcp: builtin}]\n  max_turns: 2\n", again(), "data", 5, "no answer after 2 turns"),
        ("  tools: [{mcp: {command: no-such-program}}]\n", again(), "data", 4, "no-such-program"),
        (
            "  policy: {files: [policy.rego]}\n",
            again(),
            "data",
            6,
            "does not allow this agent to start: not today",
        ),
        ("", again(), "role.yaml", 7, "audit"),
        ("", Script::new().reply(Reply::rate_limited(3600)), "data", 3, "429"),
    ] {
        let world = World::new(script);
        world.role("openai", more);
        world.write("policy.rego", "package turnscope\ndeny := true\nreason := \"not today\"\n");
        let ran = run(&world, &["run", "role.yaml", "-p", "x", "--data", data]);
        assert_eq!(ran.status.code(), Some(code), "{more}: {}", text(&ran.stderr));
        assert!(text(&ran.stderr).contains(said), "{said}: {}", text(&ran.stderr));
        assert_eq!(text(&ran.stdout), "");
    }
}

#[test]
fn invalid_arguments_and_role_files_are_usage_errors() {
    let world = World::new(Script::new());
    world.role("openai", "");
    for (args, said) in [
        (&["run", "role.yaml", "-p", "x", "--runner", "fast"][..], "plan-execute, claude-agent"),
        (&["run", "gone.yaml", "-p", "x"], "cannot read gone.yaml"),
        (
            &["run", "role.yaml", "-p", "x", "--no-audit", "--runner", "claude_agent"],
            "requires the provider anthropic",
        ),
    ] {
        let ran = run(&world, args);
        assert_eq!(ran.status.code(), Some(2), "{args:?}: {}", text(&ran.stderr));
        assert!(text(&ran.stderr).contains(said), "{}", text(&ran.stderr));
    }
    world.write("wrong.yaml", "kind: Agent\nmetadata: {name: x}\nspec:\n  modle: {}\n");
    let ran = run(&world, &["run", "wrong.yaml", "-p", "x"]);
    assert_eq!(ran.status.code(), Some(2));
    assert!(
        text(&ran.stderr).contains("modle") && text(&ran.stderr).contains("line 4"),
        "{}",
        text(&ran.stderr)
    );
}

#[test]
fn ingest_reports_what_it_did() {
    let world = World::new(Script::new());
    world.role("openai", "  ingest: {paths: [notes.txt, picture.png]}\n");
    world.write("notes.txt", "The valve is behind the pump.");
    world.write("picture.png", "\0");
    let said = |args: &[&str]| {
        let ran = run(&world, args);
        (ran.status.code(), text(&ran.stdout), text(&ran.stderr))
    };
    let passed_over = "skipped picture.png: not a text file\n".to_owned();
    let first = "new or changed files: 1, embedded chunks: 1, indexed files: 1\n".to_owned();
    assert_eq!(said(&["ingest", "role.yaml"]), (Some(0), first.clone(), passed_over.clone()));
    let again = "new or changed files: 0, embedded chunks: 0, indexed files: 1\n".to_owned();
    assert_eq!(said(&["ingest", "role.yaml"]), (Some(0), again, passed_over.clone()));
    assert_eq!(said(&["ingest", "role.yaml", "--force"]), (Some(0), first, passed_over));
    world.role("openai", "");
    let (code, _, stderr) = said(&["ingest", "role.yaml"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("has no section spec.ingest"), "{stderr}");
}
