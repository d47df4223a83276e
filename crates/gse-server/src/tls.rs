//! HTTPS of the API listener: which certificate, where it is kept, and what to tell those who shall trust it.
//!
//! A self-signed certificate is made at the first start and kept, so that who trusts it once may go on; another one is
//! made only when the service gets a name that it does not have.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gse_store::{DataDir, DataDirError};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};
use tokio_rustls::TlsAcceptor;

/// The self-signed certificate with its key and names; only the owner of the data directory may read it.
const KEPT: &str = "tls.json";
/// The certificate alone, for those who shall trust it.
const CERTIFICATE: &str = "tls-certificate.pem";
/// Names by which everybody reaches this machine.
const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
const PEM_LINE: usize = 64;

/// Where the certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsSource {
    /// It is made here.
    SelfSigned,
    /// It is in files, as PEM.
    Files {
        /// The certificate, and those that lead to the one that clients trust.
        certificate: PathBuf,
        /// Its key.
        key: PathBuf,
    },
}

/// What the listener needs.
#[derive(Clone)]
pub struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    /// The file that clients must trust; `None` when the operator's certificate is used.
    pub(crate) self_signed: Option<PathBuf>,
}

/// Why there is no HTTPS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file of the certificate cannot be read.
    #[error("cannot read {what} from `{path}`\nhint: `{flag}` takes a file with PEM text")]
    Read {
        /// Which one.
        what: &'static str,
        /// The flag that names it.
        flag: &'static str,
        /// Where.
        path: String,
        /// Why.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// Certificate and key do not work together.
    #[error(
        "the certificate and the key cannot be used together\nhint: check that `--tls-key` is the key of `--tls-cert`"
    )]
    Pair(#[source] rustls::Error),
    /// The protocol cannot be set up.
    #[error("HTTPS cannot be set up")]
    Protocol(#[source] rustls::Error),
    /// No certificate can be made.
    #[error("no certificate can be made for {names}")]
    Make {
        /// The names that it was to have.
        names: String,
        /// Why.
        #[source]
        source: rcgen::Error,
    },
    /// What was kept is not what this service writes.
    #[error(
        "`{KEPT}` in the data directory is not readable\nhint: remove it to get a new certificate at the next start"
    )]
    Malformed(#[source] serde_json::Error),
    /// It cannot be kept.
    #[error("the certificate cannot be kept")]
    DataDir(#[from] DataDirError),
    /// It cannot be written where others read it.
    #[error("the certificate cannot be written to `{path}`")]
    Write {
        /// Where.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A self-signed certificate as it is kept; base64 of DER.
#[derive(Serialize, Deserialize)]
struct Kept {
    names: Vec<String>,
    certificate: String,
    key: String,
}

impl Tls {
    /// Reads or makes the certificate. `listener` and `public_hosts` are names that a self-signed one gets beside those
    /// of this machine.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn prepare(
        source: &TlsSource,
        data_dir: &DataDir,
        listener: IpAddr,
        public_hosts: &[String],
    ) -> Result<Self, TlsError> {
        let (chain, key, self_signed) = match source {
            TlsSource::Files { certificate, key } => {
                let (chain, key) = read(certificate, key)?;
                (chain, key, None)
            }
            TlsSource::SelfSigned => {
                let kept = kept_or_made(data_dir, &names(listener, public_hosts))?;
                let (certificate, key) = decode(&kept)?;
                let path = data_dir.path().join(CERTIFICATE);
                publish(&path, &certificate)?;
                (vec![certificate], key, Some(path))
            }
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(TlsError::Protocol)?.with_no_client_auth();
        let mut config = builder.with_single_cert(chain, key).map_err(TlsError::Pair)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), self_signed })
    }
}

fn read(
    certificate: &Path,
    key: &Path,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let failed = |what, flag, path: &Path| {
        let path = path.display().to_string();
        move |source| TlsError::Read { what, flag, path, source }
    };
    let unreadable = || failed("a certificate", "--tls-cert", certificate);
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect).map_err(unreadable())?;
    if chain.is_empty() {
        return Err(unreadable()(rustls::pki_types::pem::Error::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(failed("a private key", "--tls-key", key))?;
    Ok((chain, key))
}

/// What a client may call this service by; a name that is no name is left to the one who made it up.
fn names(listener: IpAddr, public_hosts: &[String]) -> Vec<String> {
    let mut names: Vec<String> = LOCAL_NAMES.map(str::to_owned).to_vec();
    if !listener.is_unspecified() {
        names.push(listener.to_string());
    }
    let without_port = |host: &String| match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name.to_owned(),
        _ => host.clone(),
    };
    names.extend(public_hosts.iter().map(without_port));
    names.sort();
    names.dedup();
    names
}

fn kept_or_made(data_dir: &DataDir, names: &[String]) -> Result<Kept, TlsError> {
    if let Some(text) = data_dir.read_private(KEPT)? {
        let kept: Kept = serde_json::from_str(&text).map_err(TlsError::Malformed)?;
        if names.iter().all(|name| kept.names.contains(name)) {
            return Ok(kept);
        }
        tracing::warn!(
            "the service has a new name, so its certificate is made anew: clients must trust it again"
        );
    }
    let made = rcgen::generate_simple_self_signed(names.to_vec());
    let made = made.map_err(|source| TlsError::Make { names: names.join(", "), source })?;
    let kept = Kept {
        names: names.to_vec(),
        certificate: STANDARD.encode(made.cert.der()),
        key: STANDARD.encode(made.signing_key.serialize_der()),
    };
    let text = serde_json::to_string_pretty(&kept).map_err(TlsError::Malformed)?;
    data_dir.write_private(KEPT, &(text + "\n"))?;
    Ok(kept)
}

fn decode(kept: &Kept) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), TlsError> {
    let broken = |error: base64::DecodeError| TlsError::Malformed(serde::de::Error::custom(error));
    let certificate = STANDARD.decode(&kept.certificate).map_err(broken)?;
    let key = STANDARD.decode(&kept.key).map_err(broken)?;
    let key =
        PrivateKeyDer::try_from(key).map_err(|text| TlsError::Malformed(serde::de::Error::custom(text)))?;
    Ok((certificate.into(), key))
}

fn publish(path: &Path, certificate: &CertificateDer<'_>) -> Result<(), TlsError> {
    let text = STANDARD.encode(certificate);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    for at in (0..text.len()).step_by(PEM_LINE) {
        pem += &text[at..text.len().min(at + PEM_LINE)];
        pem.push('\n');
    }
    pem += "-----END CERTIFICATE-----\n";
    let failed = |source| TlsError::Write { path: path.display().to_string(), source };
    std::fs::write(path, pem).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(data_dir: &DataDir, hosts: &[&str]) -> Vec<u8> {
        let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
        let tls = Tls::prepare(&TlsSource::SelfSigned, data_dir, [127, 0, 0, 1].into(), &hosts).unwrap();
        let path = tls.self_signed.unwrap();
        CertificateDer::from_pem_file(path).unwrap().to_vec()
    }

    #[test]
    fn a_self_signed_certificate_stays_until_there_is_another_name() {
        let directory = tempfile::tempdir().unwrap();
        let data_dir = DataDir::open(directory.path()).unwrap();
        let first = prepared(&data_dir, &[]);
        assert_eq!(prepared(&data_dir, &[]), first);
        let second = prepared(&data_dir, &["gse.example.org:443"]);
        assert_ne!(second, first);
        let has = |name: &[u8]| second.windows(name.len()).any(|part| part == name);
        assert!(has(b"gse.example.org") && has(b"localhost") && !has(b":443"));
        assert_eq!(prepared(&data_dir, &[]), second, "what has more names will do");
    }

    #[test]
    fn files_that_cannot_be_used_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let data_dir = DataDir::open(&directory.path().join("data")).unwrap();
        let made = prepared(&data_dir, &[]);
        let (certificate, key) = (directory.path().join("c.pem"), directory.path().join("k.pem"));
        let source = TlsSource::Files { certificate: certificate.clone(), key: key.clone() };
        let error =
            || Tls::prepare(&source, &data_dir, [127, 0, 0, 1].into(), &[]).err().unwrap().to_string();
        assert!(error().contains("c.pem") && error().contains("`--tls-cert`"), "{}", error());
        std::fs::write(&certificate, "hello").unwrap();
        assert!(error().contains("c.pem"), "{}", error());
        publish(&certificate, &made.into()).unwrap();
        assert!(error().contains("k.pem") && error().contains("`--tls-key`"), "{}", error());
        let pem = |der: &[u8]| {
            format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der))
        };
        let other = rcgen::generate_simple_self_signed(vec!["x".to_owned()]).unwrap();
        std::fs::write(&key, pem(&other.signing_key.serialize_der())).unwrap();
        assert!(error().contains("cannot be used together"), "{}", error());
        let kept: Kept = serde_json::from_str(&data_dir.read_private(KEPT).unwrap().unwrap()).unwrap();
        std::fs::write(&key, pem(&STANDARD.decode(kept.key).unwrap())).unwrap();
        let tls = Tls::prepare(&source, &data_dir, [127, 0, 0, 1].into(), &[]).unwrap();
        assert_eq!(tls.self_signed, None);
    }
}
