//! A provider over https, with the system's root certificates or those in `SSL_CERT_FILE`.

use crate::world::World;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::{net::SocketAddr, process::Output, sync::Arc};
use tokio::{
    net::{TcpListener, TcpStream},
    process::Command,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};
use turnscope_scripted_model::{Reply, Script};

/// A TLS proxy for the model with a self-signed certificate: its address, and the certificate in PEM.
async fn in_front_of(model: SocketAddr) -> (SocketAddr, String) {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let key = PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
    let config = builder.with_single_cert(vec![own.cert.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // Clients that do not trust the certificate abort the handshake.
                let Ok(mut client) = acceptor.accept(socket).await else { return };
                let mut model = TcpStream::connect(model).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut model).await;
            });
        }
    });
    let der = BASE64_STANDARD.encode(own.cert.der());
    (address, format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n"))
}

#[tokio::test]
async fn a_provider_over_https_is_trusted_only_with_ssl_cert_file() {
    let world = World::new(Script::new().reply(Reply::text("Hello.").repeated()));
    world.role("openai", "");
    let (address, certificate) = in_front_of(world.model.address()).await;
    let trusted = world.write("ca.pem", &certificate);
    let run = async |with_certificate: bool| -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_turnscope-agents"));
        command.args(["run", "role.yaml", "-p", "Hi", "--no-audit"]).env_clear();
        command.env("OPENAI_BASE_URL", format!("https://localhost:{}/v1", address.port()));
        command.current_dir(world.directory.path());
        if with_certificate {
            command.env("SSL_CERT_FILE", &trusted);
        }
        command.output().await.unwrap()
    };
    let ran = run(true).await;
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "Hello.\n", "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(world.model.requests().len(), 1);
    let ran = run(false).await;
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(3), "{said}");
    assert!(said.contains("cannot reach") && said.contains("certificate"), "{said}");
    assert_eq!(world.model.requests().len(), 1, "nothing was sent over the untrusted connection");
}
