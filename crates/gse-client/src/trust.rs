//! Which certificates of `https://` endpoints are trusted.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;

/// What a certificate must lead to.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// One of these; `None`: what this machine trusts.
    roots: Option<Arc<RootCertStore>>,
}

impl Trust {
    /// Only the certificates in this PEM text, such as the self-signed one that `gse local` names.
    ///
    /// # Errors
    /// A text for people: there is no certificate in it, or one that cannot be read.
    pub fn only(pem: &[u8]) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| format!("it is no PEM text: {error}"))?;
            roots
                .add(certificate)
                .map_err(|error| format!("a certificate in it cannot be trusted: {error}"))?;
        }
        if roots.is_empty() {
            return Err("there is no certificate in it".to_owned());
        }
        Ok(Self { roots: Some(Arc::new(roots)) })
    }
}

/// What TLS is spoken with; nothing of this machine is read where none is spoken.
pub(crate) fn configuration(is_https: bool, trust: &Trust) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    Ok(match &trust.roots {
        Some(roots) => builder.with_root_certificates(Arc::clone(roots)).with_no_client_auth(),
        None if is_https => builder
            .with_platform_verifier()
            .map_err(|error| format!("the certificates that this machine trusts cannot be read: {error}"))?
            .with_no_client_auth(),
        None => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
    })
}
