//! Which addresses settings that people typed may lead to.
//!
//! What the operator sets in the environment may lead anywhere; what an administrator types may
//! not be turned against the network that the service stands in.
//!
//! **Never** trusts a name: it is looked up again for each connection, and only public addresses
//! of it are used.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// How far typed settings reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// Public addresses, over TLS.
    #[default]
    Public,
    /// Also this machine and its network, `http` to this machine included:
    /// `SUPPLYLINE_LOCAL_CHANNELS`, for tests and for gateways inside.
    Anywhere,
}

/// Longest address, in characters.
const LONGEST: usize = 2_000;
/// Ports that web hooks listen on.
const WEB_PORTS: [u16; 2] = [443, 8443];

/// Reads the address of a web hook.
///
/// # Errors
/// Why it is refused; the address is not repeated, for it may hold a key.
pub(super) fn web_address(text: &str, reach: Reach) -> Result<Url, &'static str> {
    let text = text.trim();
    let is_plain = |c: char| c.is_ascii_graphic() && c != '\\';
    if text.len() > LONGEST || !text.chars().all(is_plain) {
        return Err("an address has at most 2,000 visible ASCII characters and no backslash");
    }
    let url = Url::parse(text).map_err(|_error| "this is not an address like https://host/path")?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("neither user names nor fragments belong into it");
    }
    let host = url.host().ok_or("it names no host")?;
    let is_here = is_this_machine(&host);
    match url.scheme() {
        "https" => {}
        "http" if reach == Reach::Anywhere && is_here => return Ok(url),
        _ => return Err("it must begin with https://"),
    }
    if reach == Reach::Public {
        if !url.port_or_known_default().is_some_and(|port| WEB_PORTS.contains(&port)) {
            return Err("only the ports 443 and 8443 are used");
        }
        if is_here || !is_public_host(&host) {
            return Err("it leads into the service's own network");
        }
    }
    Ok(url)
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.to_canonical().is_loopback(),
    }
}

fn is_public_host(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => name.contains('.') && !name.ends_with('.'),
        Host::Ipv4(ip) => is_public(IpAddr::V4(*ip)),
        Host::Ipv6(ip) => is_public(IpAddr::V6(*ip)),
    }
}

/// True for addresses of the public internet.
pub(super) fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

/// Global unicast, without what stands for something else: benchmarks, documentation, and the
/// ways of writing an address of the old kind.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    let is_global = (0x2000..=0x3fff).contains(&a);
    let is_special = match a {
        0x2001 => b < 0x0200 || b == 0x0db8,
        0x2002 => true,
        0x3fff => b < 0x1000,
        _ => false,
    };
    is_global && !is_special
}

/// True for addresses that a mail server may have: those inside are common, this machine and its
/// neighbours on the wire are not.
pub(super) fn may_be_mail_server(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_private() || is_public_v4(ip),
        IpAddr::V6(ip) => ip.is_unique_local() || is_public_v6(ip),
    }
}

/// Looks names up and gives public addresses alone.
#[derive(Debug)]
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("this name leads to no public address".into());
            }
            let addresses: Addrs = Box::new(public.into_iter());
            Ok(addresses)
        })
    }
}

/// What looks names up for web hooks.
pub(super) fn resolver() -> Arc<impl Resolve> {
    Arc::new(PublicOnly)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_inside_is_refused_b080() {
        for host in [
            "127.0.0.1",
            "localhost",
            "0",
            "127.1",
            "2130706433",
            "0x7f.1",
            "017700000001",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[fe80::1]",
            "169.254.169.254",
            "100.64.0.1",
            "198.18.0.1",
            "0.0.0.0",
            "[fd00::1]",
            "[5f00::1]",
            "①②⑦.⓪.⓪.①",
            "127。0。0。1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "192.0.2.1",
            "203.0.113.7",
            "224.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::7f00:1]",
            "[ff02::1]",
            "[2001:db8::1]",
            "[2001::1]",
            "[3fff::1]",
            "intranet",
            "a.localhost",
            "host.example.",
        ] {
            assert!(web_address(&format!("https://{host}/x"), Reach::Public).is_err(), "{host}");
        }
        for host in ["gateway.example.cn", "8.8.8.8", "[2400:3200::1]", "198.20.0.1", "172.32.0.1"]
        {
            assert!(web_address(&format!("https://{host}/x"), Reach::Public).is_ok(), "{host}");
        }
    }

    #[test]
    fn odd_addresses_are_refused_b083() {
        let long = format!("https://h.example/{}", "x".repeat(10_000));
        for address in [
            "",
            "h.example",
            "//evil.example",
            "http://h.example/",
            "ftp://h.example/",
            "gopher://h.example/",
            "file:///etc/passwd",
            "https://u:p@h.example/",
            "https://u@h.example/",
            "https://h.example\\@evil.example/",
            "https://h.example/#@evil",
            "https://h.exa\tmple/",
            "https://h.example/\nx",
            "https://h.example:22/",
            "https://h.example:25/",
            "https://h.example:0/",
            "https://h.example:99999/",
            "https://раураӏ.com/",
            &long,
        ] {
            let error = web_address(address, Reach::Public).expect_err(address);
            assert!(address.is_empty() || !error.contains(address), "nothing is repeated");
        }
        assert!(web_address("https://h.example:8443/x?key=1", Reach::Public).is_ok());
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        for (address, is_fine) in [
            ("http://127.0.0.1:8080/x", true),
            ("http://localhost/x", true),
            ("http://[::1]:1/x", true),
            ("http://10.0.0.1/x", false),
            ("http://h.example/x", false),
            ("https://10.0.0.1:9443/x", true),
        ] {
            assert_eq!(web_address(address, Reach::Anywhere).is_ok(), is_fine, "{address}");
        }
    }

    #[tokio::test]
    async fn names_are_judged_by_their_addresses_b081() {
        let name: Name = "localhost".parse().expect("a name");
        let refused = resolver().resolve(name).await.err().expect("refused");
        assert!(refused.to_string().contains("no public address"));
        assert!(may_be_mail_server("10.0.0.25".parse().expect("an address")));
        for inside in ["127.0.0.1", "169.254.169.254", "::1", "fe80::1", "0.0.0.0"] {
            assert!(!may_be_mail_server(inside.parse().expect("an address")), "{inside}");
        }
    }
}
