//! Ordinary state of many tools, as templates: what has the look of secrets and is none.
//!
//! In a template `{uuid}`, `{ulid}`, `{time}`, `{word}`, `{name}`, `{n}` and `{hex40}`, `{b64_88}`,
//! `{url_43}`, `{id24}` (with any number) become something new each time.

use super::Rng;

const WORDS: &[&str] = &[
    "token",
    "secret",
    "password",
    "session",
    "author",
    "access",
    "cursor",
    "agent",
    "feature",
    "review",
    "branch",
    "commit",
    "deploy",
    "config",
    "cache",
    "worker",
    "ledger",
    "signal",
    "linear",
    "discord",
    "sentry",
    "okta",
    "heroku",
    "twilio",
    "dropbox",
    "travis",
    "atlassian",
    "facebook",
    "cloudflare",
    "intercom",
];
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const HEX: &[u8] = b"0123456789abcdef";
const CROCKFORD: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The kinds of files: the ending of the name, how many lines, and the lines to choose from.
const KINDS: &[(&str, usize, &[&str])] = &[
    (
        "events.jsonl",
        40,
        &[
            r#"{"id":"{ulid}","at":"{time}","type":"feature.{word}","actor":"cc","tokens":{n},"commit":"{hex40}"}"#,
            r#"{"id":"{uuid}","at":"{time}","kind":"usage","input_tokens":{n},"output_tokens":{n},"cache_read_input_tokens":{n},"cost_usd":0.{n}}"#,
            r#"{"seq":{n},"session_id":"{uuid}","token_id":"{uuid}","api_key_id":"key_{id24}","trace":"{hex32}","span":"{hex16}"}"#,
            r#"{"event":"auth","method":"token","token_type":"Bearer","expires_in":{n},"scope":"repo read:org","idempotency_key":"{uuid}"}"#,
            r#"{"event":"page","next_page_token":"{b64_44}","cursor":"{url_48}","etag":"W/\"{hex32}\""}"#,
        ],
    ),
    (
        "transcript.jsonl",
        30,
        &[
            r#"{"type":"assistant","uuid":"{uuid}","parentUuid":"{uuid}","sessionId":"{uuid}","message":{"id":"msg_01{id22}","usage":{"input_tokens":{n},"service_tier":"standard"}},"requestId":"req_011{id21}","timestamp":"{time}"}"#,
            r#"{"type":"thinking","thinking":"The token has expired, so the secret must be rotated.","signature":"{b64_344}=="}"#,
            r#"{"type":"tool_use","id":"toolu_01{id22}","name":"Bash","input":{"command":"curl -H \"Authorization: Bearer $TOKEN\" https://api.example.com/v1/{name}/{uuid}"}}"#,
            r#"{"role":"user","content":"const token = await getToken(userId);\nconst password = process.env.DB_PASSWORD_2;\nif (token === session.accessToken2) {\n  apiKey = config.apiKeys.openai;\n}"}"#,
            r#"{"role":"tool","content":"def verify(password: str, secret=SETTINGS.secret_key_v2):\n    token = secrets.token_urlsafe(32)\n    return jwt.decode(token, secret, algorithms=[\"HS256\"])\n"}"#,
            r#"{"role":"tool","tool_call_id":"call_{id24}","content":"commit {hex40}\nindex {hex7}..{hex7} 100644\n--- a/src/auth/token{n}.ts\n+++ b/src/auth/token{n}.ts\n+  password: z.string().min(8).max(72),\n"}"#,
            r#"{"type":"reasoning","id":"rs_{hex50}","encrypted_content":"gAAAAAB{url_240}","summary":[]}"#,
            r#"{"role":"assistant","content":"Set `GITHUB_TOKEN=ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` and `OPENAI_API_KEY=sk-...` in your shell."}"#,
        ],
    ),
    (
        "plan.md",
        40,
        &[
            "## Rotate the {word} of {name} (#{n})",
            "- [x] {time} read `{name}_api_key` from the keychain, never from `.env`",
            "Each request has `Authorization: Bearer <your-token>`; see https://docs.example.com/{name}/{uuid}#api-key.",
            "    export {word}_TOKEN=\"${NPM_TOKEN:-changeme123}\"",
            "The client secret is stored under `secret/data/{name}/{n}`; password: ask the team.",
            "| {word} | {hex7} | sha256:{hex64} | {time} |",
            "Commit {hex40} fixes the token counter; tokens = {n}, password = \"password123\" in the tests.",
            "postgres://user:password@localhost:5432/{name} and redis://:pass@cache:6379/{n}",
            "The header is -----BEGIN PRIVATE KEY----- and the rest is base64, then the footer.",
        ],
    ),
    (
        "settings.json",
        20,
        &[
            r#"  "model": "large-{n}", "maxTokens": {n}, "tokenBudget": {n}, "apiKeyHelper": "~/.bin/{name}-key.sh","#,
            r#"  "projectId": "{uuid}", "installationId": "{hex64}", "machineId": "{hex32}","#,
            r#"  "oauth": {"clientId": "{uuid}", "tokenUrl": "https://auth.example.com/oauth/token", "token_endpoint_auth_method": "none"},"#,
            r#"  "env": {"GITHUB_TOKEN": "${GITHUB_TOKEN}", "API_KEY": "$API_KEY_2", "PASSWORD_FILE": "/run/secrets/db_password_1"},"#,
            r#"  "secretName": "{name}-credentials-{n}", "passwordPolicy": "min12-upper1-digit1", "keybinding": "ctrl+k ctrl+{n}","#,
        ],
    ),
    (
        "package-lock.json",
        60,
        &[
            r#"    "node_modules/{name}": {"version": "{n}.2.1", "resolved": "https://registry.npmjs.org/{name}/-/{name}-{n}.tgz", "integrity": "sha512-{b64_86}=="},"#,
            r#"    "node_modules/js-tokens": {"version": "4.0.0", "resolved": "https://registry.npmjs.org/js-tokens/-/js-tokens-4.0.0.tgz", "integrity": "sha512-{b64_86}=="},"#,
            r#"    "node_modules/@octokit/auth-token": {"integrity": "sha1-{b64_27}=", "license": "MIT"},"#,
        ],
    ),
    (
        "Cargo.lock",
        60,
        &[
            "[[package]]\nname = \"secret-{name}\"\nversion = \"0.{n}.1\"\nchecksum = \"{hex64}\"\n",
            "resolved \"https://registry.yarnpkg.com/token-{name}/-/token-{name}-{n}.tgz#{hex40}\"\n  integrity sha512-{b64_86}==",
            "    resolution: {integrity: sha512-{b64_86}==}\n    engines: {node: '>=18'}",
            "{name}=={n}.4 --hash=sha256:{hex64}",
            "github.com/{name}/token v1.{n}.0 h1:{b64_43}=",
        ],
    ),
    (
        "bundle.min.js",
        12,
        &[
            r#"!function(e,t){"use strict";var n=t.token,r=e.password||"",o=function(e){return e.apiKey=n,e.secret2=r,a1(e)};e.exports={accessToken:n,refreshToken:i2,getSecret:o,authToken:"token"===t?1:0}}({n});"#,
            r#"const A1={key:"{id12}",etag:"{hex20}"},B2=e=>e.replace(/token=([^&]+)/g,"token=REDACTED1"),c3=`password=${d4}`;"#,
            r#"!function(){var a="data:image/png;base64,{b64_600}==",b="data:font/woff2;base64,{b64_800}";}();"#,
            "//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpb{b64_900}",
        ],
    ),
    (
        "app.js.map",
        6,
        &[
            r#"{"version":3,"sources":["../src/{name}/token.ts"],"names":["token","secret","apiKey","getPassword2"],"mappings":"{b64_400};AAAA,{b64_200},CAAC;{b64_300}"}"#,
        ],
    ),
    (
        "image.svg",
        6,
        &[
            r#"<image width="{n}" href="data:image/png;base64,iVBORw0KGgo{b64_900}="/>"#,
            r##"<path id="token-{hex8}" d="M{n} 12.5c0-{n} 4-{n}z" fill="#{hex6}"/>"##,
        ],
    ),
    (
        "server.log.txt",
        60,
        &[
            "{time} INFO request_id={uuid} trace={hex32} user={n} token_valid=true latency={n}ms",
            "{time} DEBUG GET /v1/{name}?page_token={url_43}&limit={n} 200 etag=\"{hex32}\"",
            "{time} WARN csrf_token mismatch for session {hex32}: password reset requested for user{n}@example.com",
            "{time} INFO auth ok, token=***redacted*** key_id={hex16} digest=sha256:{hex64}",
            "{time} INFO pulled registry.example.com/{name}@sha256:{hex64}",
            "{time} ERROR secret {name}-tls-{n} not found in namespace {name}",
        ],
    ),
    (
        "issues.jsonl",
        40,
        &[
            r#"{"id":"bd-{hex4}","title":"Rotate the {word} for {name}","status":"open","content_hash":"{hex64}","created_at":"{time}"}"#,
            r#"{"id":"bd-{hex4}","description":"The password field is required; token: see vault. Secret = {name}","priority":2,"external_ref":"{uuid}"}"#,
        ],
    ),
    (
        "deploy.yaml",
        30,
        &[
            "      password: ${{ secrets.DOCKER_PASSWORD_2 }}\n      token: ${{ github.token }}",
            "  secretKeyRef:\n    name: {name}-secret-{n}\n    key: password",
            "  secretName: {name}-tls\n  tokenExpirationSeconds: 3607\n  image: {name}@sha256:{hex64}",
            "  api_key: \"{{ .Values.apiKey }}\"\n  password: !vault {name}/db#password1",
            "  password: <%= ENV[\"DB_PASS_2\"] %>\n  secret: ENC[AES256_GCM,type:str]",
        ],
    ),
    (
        "notes.py",
        40,
        &[
            "token = os.environ[\"{word}_TOKEN_2\"]",
            "api_key: str = Field(default=None, alias=\"apiKey{n}\")",
            "password = getpass.getpass(f\"Password {n}: \")",
            "client_secret = settings.oauth2.client_secret_v{n}",
            "assert response.json()[\"access_token\"] == expected_token_{n}",
            "SECRET_KEY = config('SECRET_KEY_{n}', default='change-me-in-production-1')",
            "let token = Token::from_str(&row.get::<_, String>(\"token_v2\")?)?;",
            "const secretKey2 = crypto.randomBytes(32).toString('hex');",
            "credentials = service_account.Credentials.from_file(path{n})",
            "password_hash = \"$2b$12${b64_53}\"",
        ],
    ),
    (
        "keys.pub",
        10,
        &[
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{b64_43} dev@{name}",
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ{b64_340}= dev@{name}",
            "SHA256:{b64_43} dev@{name} (ED25519)",
            "-----BEGIN CERTIFICATE-----\n{b64_64}\n{b64_64}\n{b64_64}\n{b64_32}==\n-----END CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----\n{b64_64}\n{b64_64}\n-----END PUBLIC KEY-----",
        ],
    ),
    (
        "blob.b64",
        60,
        &["{b64_76}", "{b64_76}", "{b64_76}", "{url_76}"],
    ),
    (
        "hashes.txt",
        60,
        &[
            "{hex40} refs/heads/{name}-token",
            "{hex64}  secret-{name}.tar.gz",
            "{hex32} {hex32}",
            "{uuid} {ulid}",
            "{id24} {id32}",
        ],
    ),
    (
        "openapi.json",
        20,
        &[
            r#"  "securitySchemes": {"bearerAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}, "apiKeyAuth": {"in": "header", "name": "X-API-Key-{n}"}},"#,
            r#"  "example": {"access_token": "your-access-token-1", "password": "string", "token": "<token>", "api_key": "YOUR_API_KEY_1"},"#,
            r##"  "operationId": "createToken{n}", "x-nonce": "{b64_24}", "schema": {"$ref": "#/components/schemas/TokenResponse{n}"},"##,
        ],
    ),
    (
        "telemetry.csv",
        60,
        &[
            "{time},{uuid},tokens,{n},{n},{hex16}",
            "{ulid},{word},{name},{n},{hex40}",
        ],
    ),
];

/// A file of ordinary state: its name and its text.
pub fn ordinary_file(rng: &mut Rng, number: usize) -> (String, String) {
    let (name, most, lines) = KINDS[number % KINDS.len()];
    let count = rng.between(1, most);
    let mut text = String::new();
    for _ in 0..count {
        let line = lines[rng.below(lines.len())];
        text.push_str(&fill(rng, line));
        text.push('\n');
    }
    (format!("{number:05}-{name}"), text)
}

fn fill(rng: &mut Rng, template: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at(open);
        text.push_str(before);
        let close = from.find('}').unwrap_or(0);
        let name = from.get(1..close);
        if let Some(new) = name.and_then(|name| something(rng, name)) {
            text.push_str(&new);
            rest = &from[close + 1..];
        } else {
            text.push('{');
            rest = &from[1..];
        }
    }
    text.push_str(rest);
    text
}

fn something(rng: &mut Rng, name: &str) -> Option<String> {
    let kind = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let length = name[kind.len()..].parse().unwrap_or(0);
    match kind {
        "uuid" => Some(format!(
            "{}-{}-4{}-a{}-{}",
            of(rng, HEX, 8),
            of(rng, HEX, 4),
            of(rng, HEX, 3),
            of(rng, HEX, 3),
            of(rng, HEX, 12)
        )),
        "ulid" => Some(format!("01{}", of(rng, CROCKFORD, 24))),
        "time" => Some(format!(
            "2026-{:02}-{:02}T{:02}:{:02}:12.{:03}Z",
            rng.between(1, 12),
            rng.between(1, 28),
            rng.below(24),
            rng.below(60),
            rng.below(1000)
        )),
        "word" => Some(rng.pick(WORDS).to_owned()),
        "name" => Some(format!("{}-{}", rng.pick(WORDS), rng.pick(WORDS))),
        "n" => Some(rng.below(200_000).to_string()),
        "hex" => Some(of(rng, HEX, length)),
        "b64_" => Some(of(rng, BASE64, length)),
        "url_" => Some(of(rng, URL, length)),
        "id" => Some(of(rng, &BASE64[..62], length)),
        _ => None,
    }
}

fn of(rng: &mut Rng, letters: &[u8], count: usize) -> String {
    (0..count)
        .map(|_| char::from(letters[rng.below(letters.len())]))
        .collect()
}
