//! The client that speaks to one host: whom it trusts, which way it goes, how long it waits.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{
    ConnectProxyConnector, Connector, RustlsConnector, SocksConnector, TcpConnector,
};
use ureq::{Agent, Proxy};

use crate::base::BaseError;
use crate::vault::wire::WireOptions;
use crate::vault::wire::address::HttpPlace;
use crate::vault::wire::git_config::GitConfig;
use crate::vault::{VaultError, WireError};

use super::hearing::Hearing;
use super::led::Led;
use super::proxy;

/// Hosts look at the beginning of it: git is let in where a browser would get a page.
const NAME: &str = concat!("git/holdall-", env!("CARGO_PKG_VERSION"));

/// Servers keep a connection for longer.
const MOST_IDLE: Duration = Duration::from_secs(3);

/// A client for what `place` stands at.
pub fn client(
    (place, url): (&HttpPlace, &str),
    options: &WireOptions,
    config: &GitConfig,
) -> Result<Agent, WireError> {
    let proxy = proxy::chosen(place, &options.env, config);
    let proxy = proxy.map(|it| Proxy::new(&it)).transpose();
    // Its address may have a password in it.
    let proxy = proxy.map_err(|_| WireError::Unreachable {
        url: url.to_owned(),
        reason: "the proxy that git's http.proxy or the environment names is no address".to_owned(),
    })?;
    let mut builder = Agent::config_builder()
        .proxy(proxy)
        .user_agent(NAME)
        .http_status_as_error(false)
        .max_redirects(0)
        // A question that meets a connection's end just as the server lets go of it would fail.
        .max_idle_age(MOST_IDLE)
        .timeout_resolve(Some(options.connect))
        .timeout_connect(Some(options.connect))
        .timeout_per_read(Some(options.idle))
        .timeout_per_write(Some(options.idle));
    if place.tls {
        let roots = RootCerts::from(trusted((place, url), options, config)?);
        builder = builder.tls_config(TlsConfig::builder().root_certs(roots).build());
    }
    let way = ().chain(Led(SocksConnector::default()));
    let way = way.chain(Led(ConnectProxyConnector::default()));
    let way = way.chain(TcpConnector::default()).chain(Hearing);
    let way = way.chain(RustlsConnector::default());
    Ok(Agent::with_parts(
        builder.build(),
        way,
        DefaultResolver::default(),
    ))
}

/// Those of the system, and those that a person names beside them.
fn trusted(
    (place, url): (&HttpPlace, &str),
    options: &WireOptions,
    config: &GitConfig,
) -> Result<Vec<Certificate<'static>>, WireError> {
    let of_system = rustls_native_certs::load_native_certs().certs;
    let of_system = of_system.iter();
    let mut roots: Vec<_> = of_system
        .map(|root| Certificate::from_der(root).to_owned())
        .collect();
    for file in files(place, options, config) {
        let named = read(&file)?;
        if named.is_empty() {
            return Err(WireError::NotAllowed {
                url: url.to_owned(),
                reason: format!("{} has no certificate in it (PEM)", file.display()),
            });
        }
        roots.extend(named);
    }
    Ok(roots)
}

fn files(place: &HttpPlace, options: &WireOptions, config: &GitConfig) -> Vec<PathBuf> {
    let env = &options.env;
    let of_git = env.var("GIT_SSL_CAINFO").map(PathBuf::from);
    let of_git = of_git.or_else(|| {
        let text = config.http(&place.url(), "sslcainfo").pop()?;
        let at_home = text.strip_prefix("~/");
        let at_home = at_home.and_then(|rest| Some(env.path("HOME")?.join(rest)));
        Some(at_home.unwrap_or_else(|| PathBuf::from(text)))
    });
    let of_git = of_git.filter(|path| !path.as_os_str().is_empty());
    of_git
        .into_iter()
        .chain(options.web.ca_file.clone())
        .collect()
}

fn read(path: &Path) -> Result<Vec<Certificate<'static>>, WireError> {
    let pem = fs::read(path)
        .map_err(BaseError::io("read the certificates in", path))
        .map_err(VaultError::from)?;
    let items = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(one)) => Some(one),
        _ => None,
    });
    Ok(items.collect())
}
