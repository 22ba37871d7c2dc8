//! The check of the right that the routes of a router need.

use super::{Auth, Principal, Right};
use crate::problem::Problem;
use aide::axum::ApiRouter;
use axum::{
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};

/// These routes for principals with this right: others get 401, or 403 where they are known.
pub(crate) fn require<S>(auth: &Auth, right: Right, routes: ApiRouter<S>) -> ApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    routes.layer(middleware::from_fn_with_state((auth.clone(), right), guard))
}

async fn guard(State((auth, right)): State<(Auth, Right)>, mut request: Request, next: Next) -> Response {
    match authorised(auth.principal(request.method(), request.headers()).await, right) {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn authorised(principal: Option<Principal>, right: Right) -> Result<Principal, Problem> {
    let principal = principal.ok_or_else(Problem::unauthenticated)?;
    if principal.may(right) { Ok(principal) } else { Err(Problem::forbidden(right.allows())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_unknown_gets_401_and_who_lacks_the_right_403() {
        let status = |principal, right| match authorised(principal, right) {
            Ok(_) => 200,
            Err(problem) => problem.into_response().status().as_u16(),
        };
        assert_eq!(status(None, Right::Read), 401);
        assert_eq!(status(Some(Principal::with_session()), Right::Ingest), 403);
        assert_eq!(status(Some(Principal::with_session()), Right::Admin), 200);
    }
}
