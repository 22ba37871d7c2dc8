//! Propagation for `tonic` clients. For servers, use [`JoinLayer`](super::tower::JoinLayer), feature `tower`.

use opentelemetry::{Context, propagation::Injector};
use tonic::{
    Request, Status,
    metadata::{MetadataKey, MetadataMap},
};

/// An interceptor that writes the current context into a request's metadata.
///
/// ```
/// use tonic_health::pb::health_client::HealthClient;
/// use turnscope::propagation::tonic::inject;
///
/// # fn example(channel: tonic::transport::Channel) {
/// let client = HealthClient::with_interceptor(channel, inject);
/// # drop(client);
/// # }
/// ```
///
/// # Errors
/// Never. Interceptors return a `Result`.
#[allow(clippy::result_large_err, reason = "it is what an interceptor returns")]
pub fn inject(mut request: Request<()>) -> Result<Request<()>, Status> {
    super::inject(&Context::current(), &mut Metadata(request.metadata_mut()));
    Ok(request)
}

struct Metadata<'a>(&'a mut MetadataMap);

impl Injector for Metadata<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(key), Ok(value)) = (MetadataKey::from_bytes(key.as_bytes()), value.parse()) {
            self.0.insert(key, value);
        }
    }
}
