//! TLS towards a game server that nobody vouches for.
//!
//! The certificate is self-signed and made anew by every game server process, so its chain says nothing and is
//! not looked at. What is checked is that the peer holds the certificate's key (the handshake signature): only
//! then is the exporter value bound to this very connection, and the mutual proof over that value
//! (`game_net::handshake`) decides whom we talk to. Until that proof is checked, the peer is nobody.

use std::sync::Arc;

use quinn::crypto::rustls::QuicClientConfig;
use rustls::{
    DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

/// Accepts any certificate whose key signed the handshake.
#[derive(Debug)]
struct KeyHolder(Arc<CryptoProvider>);

impl ServerCertVerifier for KeyHolder {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("quic runs over tls 1.3 only".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// The client's side of TLS. The application protocol name carries the version of the game's protocol.
///
/// # Errors
/// Only when the crypto provider lacks what QUIC needs, which ring does not.
pub(crate) fn client_config(alpn: &[u8]) -> Result<QuicClientConfig, anyhow::Error> {
    let provider = Arc::new(ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(KeyHolder(provider)))
        .with_no_client_auth();
    tls.alpn_protocols = vec![alpn.to_vec()];
    // Early data could be replayed, and a join must not be.
    tls.enable_early_data = false;
    Ok(QuicClientConfig::try_from(tls)?)
}
