//! TLS settings of an exporter: root certificates and client certificate, for HTTP and gRPC.

use super::Otlp;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use opentelemetry_otlp::tonic_types::transport::{Certificate, ClientTlsConfig, Identity};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use std::{error::Error, fs, path::Path, sync::Arc};

type Failure = Box<dyn Error + Send + Sync>;

/// For HTTP, with or without TLS.
pub(super) fn connector(otlp: &Otlp) -> Result<HttpsConnector<HttpConnector>, Failure> {
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(if otlp.endpoint.starts_with("https:") {
            roots(otlp)?
        } else {
            RootCertStore::empty()
        });
    let config = match &otlp.client_certificate {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let certificates =
                CertificateDer::pem_slice_iter(&read(certificate)?).collect::<Result<_, _>>()?;
            builder.with_client_auth_cert(certificates, PrivateKeyDer::from_pem_slice(&read(key)?)?)?
        }
    };
    Ok(HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().build())
}

/// For gRPC.
pub(super) fn grpc(otlp: &Otlp) -> Result<ClientTlsConfig, Failure> {
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
