//! Fills [`Seen`] from the REST answers of a running server: the same facts as in process, as a client sees them.

use crate::{
    seen::{self, Seen, SeenCall, SeenRun, SeenTool, SeenTurn},
    testkit::At,
};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use turnscope_model::Usage;

/// The length of a preview, in characters.
pub const PREVIEW: usize = 500;

/// Everything that a server shows.
pub fn see(server: &At) -> Seen {
    let list = server.json("/v1/runs?limit=1000&order=started_at");
    let mut runs: Vec<&Json> = array(&list["runs"]).iter().collect();
    assert_eq!(list["next_cursor"], Json::Null, "one page holds them all");
    runs.sort_by_key(|run| (run["started_at"].as_i64(), text(&run["run_id"])));
    let places: BTreeMap<String, usize> =
        runs.iter().enumerate().map(|(i, run)| (said(&run["run_id"]), i)).collect();
    let one = |run: &&Json| {
        let parent = text(&run["parent_run_id"]).and_then(|id| places.get(&id).copied());
        seen_run(server, run, parent)
    };
    Seen { runs: runs.iter().map(one).collect() }
}

fn seen_run(server: &At, run: &Json, parent: Option<usize>) -> SeenRun {
    let run_id = said(&run["run_id"]);
    let detail = server.json(&format!("/v1/runs/{run_id}"));
    let mut steps: Vec<Json> = Vec::new();
    loop {
        let path = format!("/v1/runs/{run_id}/timeline?children=false&include_data=true&limit=200");
        let page = server.json(&format!("{path}&from={}", steps.len()));
        steps.extend(array(&page["steps"]).iter().cloned());
        if page["next_from"].is_null() {
            break;
        }
    }
    steps.retain(|step| step["run_id"].as_str() == Some(&run_id));
    let names: BTreeMap<String, (String, String)> = steps
        .iter()
        .map(|step| (said(&step["step_id"]), (said(&step["name"]), said(&step["tool_name"]))))
        .collect();
    let turns = array(&detail["turns"]).iter().map(|turn| {
        let ids = |field: &str| -> Vec<String> { array(&turn[field]).iter().map(said).collect() };
        SeenTurn {
            n: turn["n"].as_u64().unwrap_or_default(),
            llm: ids("llm_step_ids").iter().map(|id| names[id].0.clone()).collect(),
            tools: ids("tool_step_ids").iter().map(|id| names[id].1.clone()).collect(),
        }
    });
    let count = |field: &str| detail[field].as_u64().unwrap_or_default();
    let counted = || steps.iter().filter(|step| step["counted"] == true);
    let failed = |step: &Json| step["status"] == "error";
    SeenRun {
        parent,
        name: said(&detail["name"]),
        agent_name: text(&detail["agent_name"]),
        agents: agents(&steps),
        status: said(&detail["status"]),
        turns: turns.collect(),
        llm_call_count: count("llm_call_count"),
        tool_call_count: count("tool_call_count"),
        error_count: count("error_count"),
        usage: usage(&detail),
        input_text: text(&detail["input_preview"]),
        output_text: text(&detail["output_preview"]),
        session_id: text(&detail["session_id"]),
        user_id: text(&detail["user_id"]),
        calls: counted()
            .filter(|step| step["kind"] != "tool")
            .map(|step| SeenCall {
                model: text(&step["model"]),
                failed: failed(step),
                usage: usage(&step["usage"]),
            })
            .collect(),
        tools: counted()
            .filter(|step| step["kind"] == "tool")
            .map(|step| SeenTool {
                name: said(&step["tool_name"]),
                failed: failed(step),
                has_record: !step["dialect"].is_null() || !step["span_id"].is_null(),
                verdict: text(&step["verdict"]["verdict"]),
                resolution: text(&step["verdict"]["resolution"]),
                ran: seen::ran(
                    &said(&step["status"]),
                    step["verdict"]["verdict"].as_str(),
                    step["verdict"]["resolution"].as_str(),
                ),
            })
            .collect(),
        asked: count("hitl_count"),
        run_id,
    }
}

/// The agents that steps name.
fn agents(steps: &[Json]) -> Vec<String> {
    let names: BTreeSet<String> = steps.iter().filter_map(|step| text(&step["agent_name"])).collect();
    names.into_iter().collect()
}

fn usage(of: &Json) -> Usage {
    Usage {
        input_tokens: of["input_tokens"].as_u64(),
        output_tokens: of["output_tokens"].as_u64(),
        cache_read_tokens: of["cache_read_tokens"].as_u64(),
        cache_write_tokens: of["cache_write_tokens"].as_u64(),
        reasoning_tokens: of["reasoning_tokens"].as_u64(),
    }
}

/// The items of a list.
pub fn array(value: &Json) -> &[Json] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Json) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn said(value: &Json) -> String {
    text(value).unwrap_or_default()
}
