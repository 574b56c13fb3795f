//! Which addresses of a remote are taken.

use super::*;

#[test]
fn a_url_with_a_password_or_a_token_is_refused() {
    let desk = Desk::empty();
    for url in [
        "https://me:secret@host/v.git",
        "https://x-access-token:ghs_1@host/v",
        "ssh://git:pw@host:22/v",
        "https://ghp_0123456789@github.com/me/v",
        "https://a@b:c@host/v",
        "me:secret@host:v.git",
        "https://me%3Asecret@host/v.git",
        "https://me%3asecret@host/v.git",
        "https://0123456789abcdef0123456789abcdef01234567@host/v.git",
        "https://ghp_0123456789:@github.com/me/v",
    ] {
        let fault = desk.set("remote.url", url).expect_err(url);
        let is_told = matches!(fault, ConfigError::SecretInUrl { .. });
        assert!(is_told, "{fault:?}");
        assert!(!format!("{fault:?} {fault}").contains("secret"));
    }
    for url in [
        "https://host:8443/v@1:2",
        "https://me@host/v",
        "https://anna%40example.org@host/v",
        "https://oauth2@host/v",
        "https://x-token-auth@host/v",
        "https://alice-at-123456789012@host/v",
        "https://me:@host/v",
        "git@host:me/v.git",
        "ssh://git@host:22/v",
        "/srv/a@b:c/v.git",
        "../vault.git",
        "file:///srv/vault.git",
    ] {
        desk.set("remote.url", url).expect(url);
        assert_eq!(desk.load().expect("valid").remote_url.as_deref(), Some(url));
    }
}
