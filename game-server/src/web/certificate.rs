//! A certificate that a browser takes by its hash (`serverCertificateHashes` of WebTransport): ECDSA with P-256, valid for
//! less than two weeks. A process that lives longer makes a new one in time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};

/// SHA-256 of the certificate, by which a browser knows it.
pub(crate) type CertificateHash = [u8; 32];

/// A new one is made after so long.
pub(crate) const RENEWAL: Duration = Duration::from_secs(5 * DAY_S);
/// Clocks of players may be behind by so much.
const BEFORE: Duration = Duration::from_secs(DAY_S);
/// So long it is good from now on; with `BEFORE` less than the fourteen days that browsers allow.
const AFTER: Duration = Duration::from_secs(12 * DAY_S);
const DAY_S: u64 = 24 * 60 * 60;

/// A certificate with its key.
pub(crate) struct Certificate {
    pub(crate) der: CertificateDer<'static>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl Certificate {
    /// A new one, good from now on.
    pub(crate) fn new(now: SystemTime) -> anyhow::Result<Certificate> {
        let since_1970 = now.duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
        let now = date_time_ymd(1970, 1, 1) + since_1970;
        let mut params = CertificateParams::new(vec!["opengse-arena".to_owned()])?;
        (params.not_before, params.not_after) = (now - BEFORE, now + AFTER);
        // rcgen's default is ECDSA with P-256 and SHA-256, which is what browsers ask for.
        let key = KeyPair::generate()?;
        let der = params.self_signed(&key)?.der().clone();
        Ok(Certificate { der, key: PrivateKeyDer::Pkcs8(key.serialize_der().into()) })
    }

    /// What a browser is told of it.
    pub(crate) fn hash(&self) -> CertificateHash {
        Sha256::digest(&self.der).into()
    }
}

// What browsers take: two weeks from the first to the last second. And there is always one that is good for a while yet.
const _: () =
    assert!(BEFORE.as_secs() + AFTER.as_secs() < 14 * DAY_S && RENEWAL.as_secs() + DAY_S < AFTER.as_secs());
