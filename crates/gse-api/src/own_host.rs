//! Which hosts a request may be addressed to where nobody has to sign (R140).
//!
//! A page of any site can have its name lead to this machine and then ask this service as if it were its own (DNS rebinding).
//! It cannot change what it calls the service by: its own name. Where a signature or a login is wanted that gets it nothing;
//! where not, names that are not ours are refused. An address is no name that somebody else could lead here.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// Domains of the vendor: clients keep these names and have them lead here, and nobody else can lead them anywhere.
const VENDOR: [&str; 2] = [".tencentcloudapi.com", ".myqcloud.com"];

/// Why a host is not one of ours, with what allows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignHost {
    /// As the request had it, without its port, at most 128 characters.
    pub host: String,
}

impl fmt::Display for ForeignHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host;
        write!(
            f,
            "The host `{host}` is not a name of this service, which takes requests that nobody signed; where it is \
             one, start the service with `--public-host {host}`."
        )
    }
}

impl std::error::Error for ForeignHost {}

/// Whether a service that needs no signature answers a request for `host`: the value of its `Host`, with or without a port;
/// `None` where it has none, which browsers never send.
///
/// Ours are all addresses, `localhost` and what ends with `.localhost`, the vendor's domains, and `public_hosts`.
///
/// # Errors
/// The host, where it is none of these.
pub fn check(host: Option<&str>, public_hosts: &[String]) -> Result<(), ForeignHost> {
    let Some(host) = host.map(str::trim) else { return Ok(()) };
    let name = without_port(host).trim_end_matches('.').to_ascii_lowercase();
    let is_public = |public: &String| {
        public.eq_ignore_ascii_case(host)
            || without_port(public).trim_end_matches('.').eq_ignore_ascii_case(&name)
    };
    let is_ours = is_address(host)
        || is_address(&name)
        || name == "localhost"
        || name.ends_with(".localhost")
        || VENDOR.iter().any(|domain| name.ends_with(domain))
        || (!name.is_empty() && public_hosts.iter().any(is_public));
    if is_ours { Ok(()) } else { Err(ForeignHost { host: name.chars().take(128).collect() }) }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// IPv6 addresses are in brackets, as in an address bar.
fn is_address(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().is_ok(),
        None => host.parse::<IpAddr>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_local_names_and_public_hosts_are_ours() {
        let public = ["gse.example.org".to_owned(), "Proxied.example:8443".to_owned()];
        for ours in [
            "127.0.0.1",
            "127.0.0.1:9000",
            "10.0.0.7:80",
            "[::1]:9000",
            "::1",
            "localhost",
            "LOCALHOST.:9000",
            "gse.localhost:9000",
            "gse.tencentcloudapi.com",
            "gse.ap-shanghai.tencentcloudapi.com:9000",
            "bucket-1.cos.ap-shanghai.myqcloud.com",
            "gse.example.org",
            "GSE.example.org:443",
            "proxied.example:8443",
            "proxied.example",
        ] {
            assert_eq!(check(Some(ours), &public), Ok(()), "{ours}");
        }
        assert_eq!(check(None, &[]), Ok(()));
    }

    #[test]
    fn other_names_are_refused_with_the_flag_that_allows_them() {
        let public = ["gse.example.org".to_owned(), String::new()];
        for foreign in [
            "evil.example:9000",
            "localhost.evil.example",
            "notlocalhost",
            "eviltencentcloudapi.com",
            "gse.tencentcloudapi.com.evil.example",
            "127.0.0.1.evil.example",
            "gse.example.org.evil.example",
            "[::1].evil.example",
            "",
            ":9000",
        ] {
            let refused = check(Some(foreign), &public).unwrap_err();
            assert!(refused.to_string().contains("--public-host"), "{foreign}");
        }
        let refused = check(Some("evil.example:9000"), &[]).unwrap_err().to_string();
        assert!(refused.ends_with("start the service with `--public-host evil.example`."), "{refused}");
        assert_eq!(check(Some(&"é".repeat(500)), &[]).unwrap_err().host.chars().count(), 128);
    }
}
