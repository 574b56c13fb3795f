//! Secrets of every kind, each put together here, so that no file holds one.

/// So many characters that look as if nobody had chosen them.
pub(super) fn chars(count: usize) -> String {
    "q8Rw2Kz5Tb7Xn4Vj9Hc3Md6Fs1Lg0Py"
        .chars()
        .cycle()
        .take(count)
        .collect()
}

fn small(count: usize) -> String {
    chars(count).to_lowercase()
}

pub(super) fn hex(count: usize) -> String {
    "3f9a1c77d0b2e4865a91c3f07be2d418"
        .chars()
        .cycle()
        .take(count)
        .collect()
}

fn capitals(count: usize) -> String {
    "Q7RW2KZ5TBXN4VJHC3MD6FSLGPY"
        .chars()
        .cycle()
        .take(count)
        .collect()
}

fn key_block(label: &str, end: &str) -> String {
    let rule = "-----";
    let line = chars(64);
    format!("{rule}BEGIN {label}{rule}{end}{line}{end}{line}{end}{rule}END {label}{rule}{end}")
}

/// Each with the rule that finds it.
pub(super) fn planted() -> Vec<(&'static str, String)> {
    let mut planted = tokens();
    planted.extend(named());
    planted
}

/// Those that are secrets wherever they stand.
pub(super) fn tokens() -> Vec<(&'static str, String)> {
    let mut tokens = tokens_a_to_g();
    tokens.extend(tokens_g_to_z());
    let body = chars(20);
    tokens.push(("openai-key", format!("sk-{body}T3BlbkFJ{body}")));
    tokens
}

fn tokens_a_to_g() -> Vec<(&'static str, String)> {
    vec![
        (
            "1password-secret-key",
            format!(
                "A3-{}-{}-{}-{}-{}",
                capitals(6),
                capitals(11),
                &capitals(9)[4..],
                capitals(5),
                &capitals(12)[7..]
            ),
        ),
        (
            "age-secret-key",
            format!("AGE-SECRET-KEY-1{}", capitals(58)),
        ),
        ("alibaba-access-key-id", format!("LTAI{}", chars(20))),
        ("anthropic-key", format!("sk-ant-api03-{}AA", chars(93))),
        ("aws-access-key", format!("AKIA{}", capitals(16))),
        ("aws-access-key", format!("ASIA{}", "A1B2C3D4E5F6G7H8")),
        (
            "azure-ad-client-secret",
            format!("{}8Q~{}", chars(3), chars(34)),
        ),
        ("azure-storage-key", format!("AccountKey={}==", chars(86))),
        ("clojars-api-token", format!("CLOJARS_{}", small(60))),
        ("crates-token", format!("cio{}", chars(32))),
        ("databricks-api-token", format!("dapi{}", hex(32))),
        ("digitalocean-pat", format!("dop_v1_{}", hex(64))),
        ("docker-token", format!("dckr_pat_{}", chars(27))),
        ("doppler-api-token", format!("dp.pt.{}", chars(43))),
        ("easypost-api-token", format!("EZAK{}", chars(54))),
        ("github-token", format!("ghp_{}", chars(36))),
        ("github-token", format!("gho_{}", "a1".repeat(18))),
        (
            "github-fine-grained-token",
            format!("github_pat_{}", chars(82)),
        ),
    ]
}

fn tokens_g_to_z() -> Vec<(&'static str, String)> {
    vec![
        ("gitlab-token", format!("glpat-{}", chars(20))),
        ("google-api-key", format!("AIza{}", chars(35))),
        ("google-oauth-secret", format!("GOCSPX-{}", chars(28))),
        (
            "grafana-service-account-token",
            format!("glsa_{}_{}", chars(32), hex(8)),
        ),
        ("groq-key", format!("gsk_{}", chars(52))),
        (
            "hashicorp-tf-api-token",
            format!("{}.atlasv1.{}", chars(14), chars(67)),
        ),
        ("hugging-face-token", format!("hf_{}", chars(34))),
        (
            "jwt",
            format!(
                "eyJhbGciOiJIUzI1NiIs{}.eyJzdWIiOiIx{}.{}",
                chars(16),
                chars(30),
                chars(43)
            ),
        ),
        ("linear-api-key", format!("lin_api_{}", chars(40))),
        ("new-relic-key", format!("NRAK-{}", capitals(27))),
        ("npm-token", format!("npm_{}", chars(36))),
        ("nuget-api-key", format!("oy2{}", small(43))),
        ("openai-key", format!("sk-proj-{}", chars(48))),
        ("openai-key", format!("sk-{}", chars(48))),
        ("openrouter-key", format!("sk-or-v1-{}", hex(64))),
        ("postman-api-token", format!("PMAK-{}-{}", hex(24), hex(34))),
        ("private-key", key_block("OPENSSH PRIVATE KEY", "\n")),
        ("private-key", key_block("PGP PRIVATE KEY BLOCK", "\n")),
        ("pulumi-api-token", format!("pul-{}", hex(40))),
        ("rubygems-api-token", format!("rubygems_{}", hex(48))),
        ("sendgrid-key", format!("SG.{}.{}", chars(22), chars(43))),
        ("sentry-user-token", format!("sntryu_{}", hex(64))),
        ("shopify-access-token", format!("shpat_{}", hex(32))),
        (
            "slack-token",
            format!("xoxb-{}-{}-{}", 1_234_567_890, 9_876_543_210_i64, chars(24)),
        ),
        (
            "slack-webhook",
            format!("https://hooks.slack.com/services/{}", chars(44)),
        ),
        ("square-access-token", format!("sq0atp-{}", chars(22))),
        ("square-access-token", format!("EAAA{}", chars(60))),
        ("stripe-key", format!("sk_live_{}", chars(24))),
        (
            "telegram-bot-token",
            format!("{}:AA{}", 1_234_567_890, chars(33)),
        ),
        ("twilio-api-key", format!("SK{}", hex(32))),
        ("vault-batch-token", format!("hvb.{}", chars(140))),
        ("vault-service-token", format!("hvs.{}", chars(95))),
    ]
}

fn named() -> Vec<(&'static str, String)> {
    vec![
        ("adafruit-api-key", format!("ADAFRUIT_KEY={}", small(32))),
        (
            "atlassian-api-token",
            format!("jira_auth: '{}{}'", small(20), hex(4)),
        ),
        (
            "aws-secret-key",
            format!("aws_secret_access_key = {}", chars(40)),
        ),
        (
            "basic-authorization",
            format!("Authorization: Basic {}=", chars(31)),
        ),
        ("authorization", format!("Authorization: token {}", hex(40))),
        (
            "bearer-token",
            format!("Authorization: Bearer {}", chars(40)),
        ),
        ("datadog-access-token", format!("datadog = {}", small(40))),
        (
            "heroku-api-key",
            format!(
                "HEROKU_API_KEY={}-{}-{}-{}-{}",
                hex(8),
                hex(4),
                hex(4),
                hex(4),
                hex(12)
            ),
        ),
        ("okta-access-token", format!("okta: 00{}", chars(40))),
        ("twitch-api-token", format!("twitch := \"{}\"", small(30))),
        (
            "url-password",
            format!("postgres://app:{}@db.internal/app", chars(14)),
        ),
        (
            "curl-user",
            format!("curl -s -u admin:{} https://ci.internal", chars(14)),
        ),
        (
            "machine-password",
            format!("machine api.internal login bob password {}", chars(18)),
        ),
        ("password", format!("mytool --password {} run", chars(18))),
        (
            "password",
            format!("- {{name: DB_PASSWORD, value: {}}}", chars(18)),
        ),
        ("password", format!("DB_PASSWORD=\"{}\"", "k9!mPq27Lz")),
        ("secret-value", format!("client_secret: {}", chars(32))),
        ("secret-value", format!("mytool --token {}", chars(24))),
        ("secret-value", format!("SECRET_KEY_BASE={}", hex(64))),
        (
            "secret-value",
            format!("const apiKey: string = '{}';", chars(24)),
        ),
    ]
}
