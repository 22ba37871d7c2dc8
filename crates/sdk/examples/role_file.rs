//! An agent described by a YAML file, whose `observability` section says where its spans are sent. `cargo run
//! -p turnscope --example role_file [FILE]`.

use std::{env, error::Error, fs};
use turnscope::{setup_from_yaml, shutdown};

const ROLE: &str = "
name: helpdesk
model: gpt-5-mini
observability:
  backend: console     # each finished span as one JSON object on stderr
  include_content: true
";

fn main() -> Result<(), Box<dyn Error>> {
    let role = env::args().nth(1).map_or(Ok(ROLE.to_owned()), fs::read_to_string)?;
    let is_set_up = setup_from_yaml(&role, "helpdesk")?.is_set_up();
    println!("set up: {is_set_up}");

    let run = turnscope::run("helpdesk");
    run.input("Where is my order 17?");
    run.turn().tool("lookup").call_id("call_1");
    run.final_answer("It is at sea.");
    run.end();
    let _ = shutdown();
    Ok(())
}
