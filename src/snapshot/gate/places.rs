//! Where a value may stand under its name, and where none does.

use super::planted::{chars, hex};
use super::*;

/// Each with `{}` where the value stands.
const PLACES: [&str; 49] = [
    "{\"password\": /* the old one */ \"{}\"}",
    "{\"password\": // the old one\n  \"{}\"}",
    "password:\n  value: {}\n",
    "{\"password\":\n\n  \"{}\"}",
    "{\"password\"\n:\n\"{}\"}",
    "{\"password\": [\"{}\", 1]}",
    "{\"password\": [\n  \"{}\"\n]}",
    "{\"password\": {\"value\": \"{}\"}}",
    "{\"password\": {\"type\": \"plain\", \"value\": \"{}\"}}",
    "password: {value: {}}",
    "password: |-\n\n  {}\n",
    "password: |2- # two\n    {}\n",
    "password: # the old one\n  {}\n",
    "password: \"\n    {}\"\n",
    "password: !!str {}\n",
    "password: &first {}\n",
    "password:\n  - {}\n",
    "? password\n: {}\n",
    "password = '''{}'''\n",
    "password = '''\n{}'''\n",
    "password = \"\"\"\\\n   {}\"\"\"\n",
    "PASSWORD = (\n  '{}'\n)\n",
    "[db.password]\nvalue = \"{}\"\n",
    "variable \"password\" {\n  default = \"{}\"\n}\n",
    "- name: DB_PASSWORD\n  type: plain\n  value: {}\n",
    "- name: DB_PASSWORD\n  # the old one\n  value: {}\n",
    "- name: DB_PASSWORD\n\n  value: {}\n",
    "- value: {}\n  name: DB_PASSWORD\n",
    "[{\n\"key\": \"DB_PASSWORD\",\n\"type\": \"plain\",\n\"value\": \"{}\"}]",
    "{\"value\": \"{}\", \"name\": \"DB_PASSWORD\"}",
    "<key>password</key>\n  <string>{}</string>",
    "<Password>\n  {}\n</Password>",
    "args:\n  - --password\n  - {}\n",
    "args: [\"--password\",\n  \"{}\"]",
    "tool --password \\\n  {}\n",
    "machine a login b account c password {}\n",
    "machine a\n  password {}\n  login b\n",
    "default login b password {}\n",
    "default\n  login b\n  password {}\n",
    "db.internal:5432:shop:bob:{}\n",
    "mysqldump -u root -p{} shop\n",
    "sshpass -p '{}' ssh db.internal\n",
    "ALTER ROLE bob WITH PASSWORD '{}';\n",
    "CREATE USER bob IDENTIFIED BY '{}';\n",
    "$p = ConvertTo-SecureString '{}' -AsPlainText\n",
    "const password = process.env.DB_PASSWORD || '{}';\n",
    "**Password:** {}\n",
    "password = \"%{}\"\n",
    "DB_PASS={}\n",
];

fn found(text: &str) -> Vec<Secret> {
    Scanner::whole(text.as_bytes())
}

#[test]
fn a_value_is_found_wherever_its_name_leads() {
    for place in PLACES {
        let text = place.replace("{}", &chars(18));
        let plain = found(&text);
        assert_eq!(plain.len(), 1, "{text}");
        let inside = serde_json::json!({ "text": text }).to_string();
        let inside = found(&inside).pop().map(|secret| secret.fingerprint);
        assert_eq!(inside.as_ref(), Some(&plain[0].fingerprint), "{text}");
        let harmless = place.replace("{}", "the-usual-one");
        assert_eq!(found(&harmless), [], "{harmless}");
    }
}

#[test]
fn a_header_without_a_scheme_and_the_pair_of_a_registry_are_found() {
    for text in [
        format!("Authorization: {}", chars(20)),
        format!("{{\"Authorization\": \"{}\"}}", hex(32)),
        format!(
            "{{\"auths\": {{\"r.io\": {{\"auth\": \"{}==\"}}}}}}",
            chars(30)
        ),
    ] {
        assert_eq!(found(&text).len(), 1, "{text}");
    }
}

#[test]
fn letters_alone_are_found_where_they_make_no_word() {
    for (value, held) in [
        ("MbQuAiwJHVzpZSjgmcWN", 1),
        ("mbquaiwjhvzpzsjgmcwn", 1),
        ("mbqu aiwj hvzp zsjg", 1),
        ("getAuthenticationHeader", 0),
        ("correcthorsebatterystaple", 0),
        ("this must stay here", 0),
    ] {
        assert_eq!(
            found(&format!("password: \"{value}\"")).len(),
            held,
            "{value}"
        );
    }
}

#[test]
fn a_name_beside_which_no_value_stands_has_none() {
    let value = chars(18);
    for text in [
        format!("- name: DB_PASSWORD\n- name: OTHER\n  value: {value}\n"),
        format!("- value: {value}\n- name: DB_PASSWORD\n"),
        format!("{{\"name\": \"DB_PASSWORD\"}}, {{\"value\": \"{value}\"}}"),
        format!("password:\n{value}: 1\n"),
        format!("password: # {value}\n"),
        format!("<b>password</b> and <i>{value}</i>"),
        format!("the machine will login with password {value}"),
        format!("docker run -p{value} mysql"),
        format!("{{\"author\": \"{value}\"}}"),
    ] {
        assert_eq!(found(&text), [], "{text}");
    }
}

#[test]
fn code_and_what_manuals_show_pass() {
    for text in [
        "password = user.password_v2",
        "const password = form.controls.password1.value;",
        "password = random_password.db1.result",
        "password = var.db_password_v2",
        "Password: opts.Oauth2Password,",
        "password = data.vault_generic_secret.db1.data[\"password\"]",
        "pub const LEAST_PASSWORD_32: u32 = 16384u32;",
        "pub const BLANK_PASSWORD: HRESULT = 0x80550007_u32 as _;",
        "SECRETARY_2=Xk39fjq0Zr8LmQ2vT5",
        "password: ENC[AES256_GCM,data:Tr7o1x9,iv:1A2b3,tag:a9b8,type:str]",
        "password: vault:secret/data/db1#Password",
        "password: \"%DB_PASSWORD_2%\"",
        "password: @Model.Password1",
        "if passphrase == passphrase2:",
        "password_encryption = scram-sha-256",
        "{\"enum\": [\"md5\", \"password\", \"scram-sha-256\"]}",
        "{\"required\": [\"password\", \"oauth2Scopes\"]}",
        "('username', 'password', 'phone_number1')",
        "`password`, `pbkdf2_sha256`",
        "Win32_System_PasswordManagement = [\"Win32_System\"]",
        "Authorization: AWS4-HMAC-SHA256 Credential=x",
        "authorization: requireOauth2Authorization,",
        "{\"name\": \"password\", \"type\": \"string\", \"value\": \"min8chars\"}",
        "AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}
