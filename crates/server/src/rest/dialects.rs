//! `GET /v1/dialects`: the rules in force; `PUT /v1/dialects`: one's own rules, as TOML.

use crate::{own_rules::WriteError, problem::Problem, state::App};
use axum::{Json, extract::State};
use std::sync::Arc;
use turnscope_api::{Dialects, MappedFact, OwnDialect};
use turnscope_otlp::{
    dialects,
    own_rules::{self, CONTENTS, Dialect, FACTS, Source},
};

/// The rules by which facts are found: one's own, and the names of those that are built in.
pub(crate) async fn get(State(app): State<Arc<App>>) -> Json<Dialects> {
    Json(in_force(&app))
}

/// Replaces one's own rules. They hold for what comes from now on; `POST /v1/reproject` applies them to what is stored.
pub(crate) async fn put(State(app): State<Arc<App>>, text: String) -> Result<Json<Dialects>, Problem> {
    let written = Arc::clone(&app);
    let outcome = tokio::task::spawn_blocking(move || written.own_rules.write(&text)).await;
    match outcome {
        Ok(Ok(())) => Ok(Json(in_force(&app))),
        Ok(Err(WriteError::Rules(error))) => {
            Err(Problem::bad_request(format!("these rules cannot be used: {error}"))
                .detail("send dialects.toml as text; nothing was changed"))
        }
        Ok(Err(WriteError::Io(error))) => {
            Err(Problem::internal(format!("cannot write {}: {error}", app.own_rules.file().display())))
        }
        Err(error) => Err(Problem::internal(error.to_string())),
    }
}

fn in_force(app: &App) -> Dialects {
    let facts = FACTS.iter().map(|fact| fact.name).chain(CONTENTS.iter().map(|(name, _)| *name));
    Dialects {
        file: app.own_rules.file().display().to_string(),
        file_error: app.own_rules.wrong(),
        own: own_rules::current().iter().flat_map(|rules| &rules.dialects).map(own).collect(),
        built_in: dialects::names().into_iter().map(str::to_owned).collect(),
        facts: facts.map(str::to_owned).collect(),
    }
}

fn own(dialect: &Dialect) -> OwnDialect {
    let facts = dialect.facts.iter().map(|(fact, sources)| MappedFact {
        name: fact.name.to_owned(),
        attributes: sources.iter().map(place).collect(),
    });
    let contents = dialect.contents.iter().filter_map(|(purpose, keys)| {
        let (name, _) = CONTENTS.iter().find(|(_, of_name)| of_name == purpose)?;
        Some(MappedFact { name: (*name).to_owned(), attributes: keys.clone() })
    });
    OwnDialect {
        name: dialect.name.clone(),
        kinds: dialect.kinds.iter().map(|rule| rule.kind.as_str().to_owned()).collect(),
        facts: facts.chain(contents).collect(),
    }
}

fn place(source: &Source) -> String {
    std::iter::once(&source.key).chain(&source.inside).map(String::as_str).collect::<Vec<_>>().join(" > ")
}
