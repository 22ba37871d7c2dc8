//! A task that a run puts into a queue joins the run, although another process handles it after the run has ended.

use super::World;

#[test]
fn a_job_from_a_queue_joins_its_run_after_that_has_ended() {
    let world = World::of("later", "script.json");
    let answer =
        world.run(&["run", "front-desk.yaml", "-p", "Thank you, order 7 has come.", "--session", "s-7"]);
    assert_eq!(answer, "We are glad to hear that.\n");
    let front_desk = world.runs(1).remove(0);
    assert_eq!(front_desk["status"], "completed");
    let waiting = || std::fs::read_dir(world.directory.path().join("jobs")).expect("a queue").count();
    assert_eq!(waiting(), 1);

    let done = world.run(&["work", "archivist.yaml", "--queue", "jobs", "--until-empty"]);
    assert_eq!((done.as_str(), waiting()), ("Filed away.\n", 0));
    let runs = world.runs(2);
    let job = runs.iter().find(|run| run["agent_name"] == "archivist").expect("the job");
    assert_eq!(job["parent_run_id"], front_desk["run_id"]);
    assert_eq!(job["trace_id"], front_desk["trace_id"]);
    assert_eq!((&job["session_id"], &job["trigger_type"]), (&"s-7".into(), &"queue".into()), "{job:#}");
    assert!(
        job["started_at"].as_i64() >= front_desk["ended_at"].as_i64(),
        "the job began after its run had ended: {job:#}"
    );
    let id = front_desk["run_id"].as_str().expect("an id");
    let timeline = world.server.json(&format!("/v1/runs/{id}/timeline"));
    let steps = timeline["steps"].as_array().expect("steps");
    let tool = |name: &str| steps.iter().find(|step| step["tool_name"] == name).expect(name);
    assert_eq!(tool("memory_set")["run_id"], job["run_id"], "the job's step is shown below the run");
    assert_eq!(tool("queue_archivist")["run_id"], front_desk["run_id"]);
    let again = world.server.json(&format!("/v1/runs/{id}"));
    assert_eq!((&again["status"], &again["children"][0]["run_id"]), (&"completed".into(), &job["run_id"]));
    assert_eq!(world.audit_of(job)[0]["trigger_type"], "queue");
}
