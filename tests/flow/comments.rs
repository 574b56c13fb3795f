//! JSON as people write it for tools: with comments, and a comma behind the last item.

use crate::kit::git;

use super::gate::{line_of, planted};
use super::scene::{Scene, any_object_has, pulled, pushed, state, text, tip};

const GEMINI: &str = ".gemini/settings.json";

fn in_vault(scene: &Scene) -> String {
    git(&["show", "main:settings/gemini/settings.json"], &scene.bare)
}

/// With what stays on a machine, or without it.
fn settings(theme: &str, command: &str, own: &str) -> String {
    format!(
        "// my gemini\n{{\n  \"theme\": \"{theme}\", // at night\n  /* servers */ \"mcpServers\": {{\n    \"x\": {{\n      \"command\": \"{command}\", // built here\n      \"env\": {{\n        // what it needs{own}\n      }},\n    }},\n  }},\n}}\n// end\n"
    )
}

#[test]
fn comments_travel_and_each_machine_keeps_its_keys_with_the_comments_beside_them() {
    let scene = Scene::new();
    let [home_a, home_b] = [&scene.a, &scene.b].map(|machine| machine.home.display().to_string());
    let [command_a, command_b] = [home_a, home_b].map(|home| format!("{home}/bin/x"));
    let own_a = "\n        \"KEY\": \"laptop-only\", // of the laptop";
    let own_b = "\n        \"KEY\": \"desktop-only\", // of the desktop";
    scene.a.write(GEMINI, settings("dark", &command_a, own_a));
    pushed(&scene.a);
    assert_eq!(in_vault(&scene), settings("dark", "~/bin/x", ""));
    for gone in ["laptop-only", "of the laptop"] {
        assert!(!any_object_has(&scene.bare, gone), "{gone}");
    }
    pulled(&scene.b);
    assert_eq!(text(&scene.b, GEMINI), settings("dark", &command_b, ""));

    scene.b.write(GEMINI, settings("light", &command_b, own_b));
    pushed(&scene.b);
    assert_eq!(in_vault(&scene), settings("light", "~/bin/x", ""));
    pulled(&scene.a);
    // The vault has no last comma there, so none is brought into it.
    let own_a = own_a.replace("only\",", "only\"");
    assert_eq!(
        text(&scene.a, GEMINI),
        settings("light", &command_a, &own_a)
    );
    let before = tip(&scene.bare);
    for machine in [&scene.a, &scene.b] {
        pushed(machine);
        pulled(machine);
    }
    assert_eq!(tip(&scene.bare), before, "nothing is different now");
    assert_eq!(
        text(&scene.b, GEMINI),
        settings("light", &command_b, own_b),
        "nothing was to be written there"
    );
}

#[test]
fn a_token_under_a_key_is_left_out_and_one_in_a_comment_withholds_the_file() {
    let scene = Scene::new();
    let token = planted();
    let masked =
        format!("// top\n{{\n  \"note\": \"{token}\", // mine\n  \"theme\": \"dark\",\n}}\n");
    scene.a.write(GEMINI, &masked);
    pushed(&scene.a);
    assert_eq!(in_vault(&scene), "// top\n{\n  \"theme\": \"dark\",\n}\n");
    let (_, listed) = scene.a.json(&["secret", "list"]);
    assert_eq!(listed["data"]["found"][0]["key"], "note", "{listed}");

    let beside = masked.replace("// mine", &format!("// was {token}"));
    scene.a.write(GEMINI, beside);
    pushed(&scene.a);
    let other = token.replace("aB3", "Ab4");
    let above = masked.replace("  \"theme\"", &format!("  // {other}\n  \"theme\""));
    scene.a.write(GEMINI, &above);
    let (code, document) = scene.a.json(&["backup", "push"]);
    let line = line_of(&document, "settings.json");
    assert_eq!(
        (code, &line["reason"], &line["line"]),
        (3, &"holds_secret".into(), &4.into()),
        "{document}"
    );
    assert_eq!(text(&scene.a, GEMINI), above);
    for token in [token, other] {
        assert!(!any_object_has(&scene.bare, &token));
    }
}

#[test]
fn state_that_differs_in_a_comment_alone_is_not_the_same() {
    let scene = Scene::with(&[("x.json", "{\"a\": 1}\n")]);
    scene.b.write(state("x.json"), "{ \"a\": 1 }\n");
    pushed(&scene.b);
    assert_eq!(scene.stored("x.json"), "{\"a\": 1}\n", "formatting is not");
    scene.b.write(state("x.json"), "{\"a\": 1} // why\n");
    pushed(&scene.b);
    assert_eq!(scene.stored("x.json"), "{\"a\": 1} // why\n");
    scene.a.write(state("x.json"), "{\"a\": 1} // or not\n");
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    let conflicts = &document["data"]["conflicts"];
    assert_eq!(conflicts[0]["path"], ".aigon/x.json", "{document}");
    assert_eq!(text(&scene.a, state("x.json")), "{\"a\": 1} // or not\n");
    assert_eq!(scene.stored("x.json"), "{\"a\": 1} // why\n");
}

#[test]
fn a_file_of_comments_alone_is_not_taken_for_an_empty_one() {
    let scene = Scene::new();
    scene.a.write(GEMINI, "{\"theme\": \"dark\"}\n");
    scene.b.write(GEMINI, "{\n  // dark is too dark\n}\n");
    pushed(&scene.a);
    let (code, document) = scene.b.json(&["backup", "pull"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(text(&scene.b, GEMINI), "{\n  // dark is too dark\n}\n");
}
