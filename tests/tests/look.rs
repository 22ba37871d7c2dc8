//! scratch
use turnscope_tests::*;
#[test]
fn look() {
    let p = std::env::var("P").unwrap();
    let recs = in_process::records(&corpus::requests(&p));
    for r in &recs {
        let f = &r.facts;
        println!("{:?} {} [{:?}] tool={:?} id={:?} asks={:?} in={:?} out={:?} agent={:?} wf={:?} rid={:?} u={:?} m={:?}/{:?} err={:?} ses={:?} nat={:?} ctx={:?} cost={:?} v={:?}", r.role, f.name, f.kind, f.tool_name, f.tool_call_id, f.requested_tools.iter().map(|t| format!("{}#{:?}", t.name, t.id)).collect::<Vec<_>>(), f.input_text.as_ref().map(|s| s.chars().take(60).collect::<String>()), f.output_text.as_ref().map(|s| s.chars().take(60).collect::<String>()), f.agent_name, f.workflow_name, f.response_id, f.usage.total_tokens(), f.request_model, f.response_model, f.error.as_ref().map(|e| e.r#type.clone()), f.session_id, f.native_run_id, f.context.is_some(), f.reported_cost, f.verdict);
    }
    println!("{}", serde_json::to_string_pretty(&in_process::see(&corpus::requests(&p))).unwrap());
}
