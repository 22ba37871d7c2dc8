//! The cost of a policy evaluation: `cargo bench -p turnscope-agents --bench gate`. The policy that allows
//! everything shows the engine's own cost.

use divan::Bencher;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use turnscope::Verdict;
use turnscope_agents::{
    PolicyFiles,
    policy::{Gate, PolicyInput},
};

fn main() {
    divan::main();
}

fn gate(file: PathBuf) -> Gate {
    let user_role = Some("support_agent".to_owned());
    Gate::open(&PolicyFiles { files: vec![file], user_role }).expect("a policy")
}

fn example(name: &str) -> Gate {
    gate(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name).join("policy.rego"))
}

fn measure(bencher: Bencher, gate: &Gate, arguments: &Json, expected: Verdict) {
    let ask = || {
        let input = PolicyInput {
            event_type: "tool_call",
            tool: "memory_set",
            action: "call",
            arguments,
            session: Some("s-7"),
            agent: "clerk",
        };
        gate.evaluate(input).expect("a decision").verdict
    };
    assert_eq!(ask(), expected);
    bencher.bench(ask);
}

#[divan::bench]
fn allows_everything(bencher: Bencher) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("policy.rego");
    std::fs::write(&file, "package turnscope\nallow := true\n").expect("written");
    measure(bencher, &gate(file), &json!({ "key": "refund 7", "value": "40" }), Verdict::Allow);
}

#[divan::bench]
fn clerk_small_refund(bencher: Bencher) {
    measure(bencher, &example("clerk"), &json!({ "key": "refund 7", "value": "40" }), Verdict::Allow);
}

#[divan::bench]
fn clerk_large_refund(bencher: Bencher) {
    measure(bencher, &example("clerk"), &json!({ "key": "refund 7", "value": "240" }), Verdict::Hitl);
}

#[divan::bench]
fn clerk_private(bencher: Bencher) {
    measure(bencher, &example("clerk"), &json!({ "key": "private notes", "value": "x" }), Verdict::Deny);
}
