//! The REST API without a port: the command line reads a data directory through the same handlers as a server's clients,
//! so that there is one source of answers.

use crate::{Addresses, Config, ServeError, routes, state::App};
use axum::Router;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use turnscope_store::catch_up;

/// A data directory with a server's REST API, in this process. Dropping it closes the store.
pub struct Local {
    app: Arc<App>,
}

impl Local {
    /// Opens the directory read-only, also while another process owns it.
    pub fn read(config: Config) -> Result<Self, ServeError> {
        Ok(Self { app: App::open_read_only(config)? })
    }

    /// Opens the directory as its owner.
    pub fn own(config: Config) -> Result<Self, ServeError> {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let addresses = Addresses { listen: nowhere, otlp_grpc: nowhere, otlp_http: nowhere };
        Ok(Self { app: App::open(config, addresses)? })
    }

    /// The routes that a server has on its main port.
    pub fn router(&self) -> Router {
        routes::router(&self.app)
    }

    /// Waits until everything that was sent can be read, also through the search index.
    pub fn settle(&self) {
        let store = &self.app.store;
        while !catch_up(&**store, Duration::from_secs(5)) {}
        while store.counters().is_repricing {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
