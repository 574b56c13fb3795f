//! What only https has: logins, redirects, certificates, proxies, and servers that say no.
