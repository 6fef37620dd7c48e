//! Certificates for servers of tests, and the authority that signs them.
//!
//! **Never** on disk but where a setting wants a file.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// Where the servers of tests are.
pub(crate) const HOST: &str = "127.0.0.1";

/// What is right or wrong with a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paper {
    /// Signed by the authority, for [`HOST`], in its time.
    Good,
    /// Signed by nobody but itself.
    SelfSigned,
    /// Signed by the authority for another server.
    OtherName,
    /// Signed by the authority, too long ago.
    Expired,
}

/// Somebody whose signature is taken for true where its certificate is known.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, PEM.
    pub(crate) pem: String,
}

impl Authority {
    /// A new one.
    pub(crate) fn new() -> Self {
        let mut params = params(&[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // By its name, one that signs for itself is told from one that it signed.
        params.distinguished_name.push(DnType::CommonName, "An authority of tests");
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// What a server with such a certificate answers TLS with.
    pub(crate) fn acceptor(&self, paper: Paper) -> TlsAcceptor {
        let key = KeyPair::generate().expect("a key");
        let name = if paper == Paper::OtherName { "mail.elsewhere.example" } else { HOST };
        let mut params = params(&[name]);
        if paper == Paper::Expired {
            params.not_after = date_time_ymd(2021, 1, 1);
        }
        let certificate = match paper {
            Paper::SelfSigned => params.self_signed(&key),
            Paper::Good | Paper::OtherName | Paper::Expired => params.signed_by(&key, &self.issuer),
        };
        let chain: Vec<CertificateDer<'static>> =
            vec![certificate.expect("a certificate").der().clone()];
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(chain, key.into()).expect("a server's settings");
        TlsAcceptor::from(Arc::new(config))
    }
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2100, 1, 1);
    params
}
