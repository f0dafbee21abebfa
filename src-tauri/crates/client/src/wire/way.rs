//! The settings of the network, put into the HTTP client: proxy and names.

use crate::failure::{Failure, NotSent};
use crate::network::{Names, Network, Proxy};
use reqwest::ClientBuilder;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::SocketAddr;
use std::sync::Arc;

/// Goes through the network as it says. Only TLS goes out of this machine, so a proxy is only ever asked to connect, and
/// sees neither tokens nor texts; its credentials go to nobody else (F5).
pub(crate) fn through(builder: ClientBuilder, network: &Network) -> Result<ClientBuilder, Failure> {
    let builder = match &network.names {
        Some(names) => builder.dns_resolver(Arc::new(Resolver(names.clone()))),
        None => builder,
    };
    let (url, credentials, except) = match &network.proxy {
        Proxy::Direct => return Ok(builder),
        Proxy::Unusable(why) => return Err(Failure::NotSent { why: NotSent::Local(why.clone()) }),
        Proxy::Http { url, credentials, except } => (url, credentials, except),
    };
    let failed = |error: reqwest::Error| Failure::NotSent { why: NotSent::Local(error.to_string()) };
    let mut proxy = reqwest::Proxy::https(url.clone()).map_err(failed)?;
    if let Some((name, password)) = credentials {
        proxy = proxy.basic_auth(name, password.reveal());
    }
    Ok(builder.proxy(proxy.no_proxy(reqwest::NoProxy::from_string(except))))
}

struct Resolver(Arc<dyn Names>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let looking = self.0.look_up(name.as_str());
        Box::pin(async move {
            let addresses = looking.await?;
            let at_any_port = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(at_any_port) as Addrs)
        })
    }
}
