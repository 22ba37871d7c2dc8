//! TLS of an exporter: the provider, root certificates and client certificate, for HTTP and gRPC.
//!
//! Which cryptography is used is the application's choice: another user of `rustls` in the same process would
//! panic if this crate compiled in a second provider.

use super::Otlp;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
#[cfg(feature = "grpc")]
use opentelemetry_otlp::tonic_types::transport::{Certificate, ClientTlsConfig, Identity};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use std::{error::Error, fs, path::Path, sync::Arc};

type Failure = Box<dyn Error + Send + Sync>;

/// The process's provider, else the one whose feature is on.
pub(super) fn provider() -> Result<Arc<CryptoProvider>, Failure> {
    match CryptoProvider::get_default() {
        Some(provider) => Ok(Arc::clone(provider)),
        None => own_provider(),
    }
}

#[cfg(feature = "tls-ring")]
#[allow(clippy::unnecessary_wraps, reason = "it fails without a provider's feature")]
fn own_provider() -> Result<Arc<CryptoProvider>, Failure> {
    Ok(Arc::new(rustls::crypto::ring::default_provider()))
}

#[cfg(all(feature = "tls-aws-lc", not(feature = "tls-ring")))]
#[allow(clippy::unnecessary_wraps, reason = "it fails without a provider's feature")]
fn own_provider() -> Result<Arc<CryptoProvider>, Failure> {
    Ok(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
}

#[cfg(not(any(feature = "tls-ring", feature = "tls-aws-lc")))]
fn own_provider() -> Result<Arc<CryptoProvider>, Failure> {
    Err("https needs cryptography: turn on the feature `tls-ring` or `tls-aws-lc` of the crate `turnscope`, or \
         install a provider for the whole process (`rustls::crypto::CryptoProvider::install_default`)"
        .into())
}

/// For HTTP over TLS.
pub(super) fn connector(otlp: &Otlp) -> Result<HttpsConnector<HttpConnector>, Failure> {
    let builder = ClientConfig::builder_with_provider(provider()?)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(otlp)?);
    let config = match &otlp.client_certificate {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let certificates =
                CertificateDer::pem_slice_iter(&read(certificate)?).collect::<Result<_, _>>()?;
            builder.with_client_auth_cert(certificates, PrivateKeyDer::from_pem_slice(&read(key)?)?)?
        }
    };
    Ok(HttpsConnectorBuilder::new().with_tls_config(config).https_only().enable_http1().build())
}

/// For gRPC. Its library looks for a provider in the same order, and panics if there is none.
#[cfg(feature = "grpc")]
pub(super) fn grpc(otlp: &Otlp) -> Result<ClientTlsConfig, Failure> {
    provider()?;
    let config = match &otlp.certificate {
        Some(path) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(path)?)),
        None => ClientTlsConfig::new().with_native_roots(),
    };
    Ok(match &otlp.client_certificate {
        None => config,
        Some((certificate, key)) => config.identity(Identity::from_pem(read(certificate)?, read(key)?)),
    })
}

fn roots(otlp: &Otlp) -> Result<RootCertStore, Failure> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = &otlp.certificate {
        for certificate in CertificateDer::pem_slice_iter(&read(path)?) {
            roots.add(certificate?)?;
        }
        if roots.is_empty() {
            return Err(format!("{} contains no PEM certificate", path.display()).into());
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(
                "the system has no root certificates: set OTEL_EXPORTER_OTLP_CERTIFICATE to a PEM file"
                    .into(),
            );
        }
    }
    Ok(roots)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()).into())
}
