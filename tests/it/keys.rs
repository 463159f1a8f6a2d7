//! The key table and the themes: complete, without conflicts, under every preset.

use diptych::tui::keys::{Action, Keymap, Mode, Overrides};
use diptych::tui::message::{Key, Press};
use diptych::tui::theme::{Role, Theme};

#[test]
fn every_preset_is_free_of_conflicts_and_every_action_can_be_reached() {
    for preset in ["default", "vim", "idea", "arrows"] {
        let (map, wrong) = Keymap::load(preset, &Overrides::new());
        assert_eq!(wrong, Vec::<String>::new(), "{preset}");
        let reached: std::collections::BTreeSet<Action> = Mode::ALL.iter().flat_map(|m| map.lines(*m)).map(|b| b.action).collect();
        let missing: Vec<&str> = Action::ALL.iter().filter(|a| !reached.contains(a)).map(|a| a.name()).collect();
        assert_eq!(missing, Vec::<&str>::new(), "{preset}");
    }
}

#[test]
fn own_keys_are_laid_over_and_mistakes_are_told() {
    let own: Overrides =
        [("editor".to_owned(), [("save".to_owned(), "ctrl-o".to_owned()), ("fly".to_owned(), "x".to_owned())].into())].into();
    let (map, wrong) = Keymap::load("default", &own);
    let key = |name: &str| name.parse::<Key>().unwrap();
    assert_eq!(map.action(Mode::Editor, key("ctrl-o")), Some(Action::Save));
    assert_eq!(map.action(Mode::Editor, key("ctrl-s")), None);
    assert_eq!(wrong, ["No action is called \"fly\" in mode \"editor\"."]);
    let (_, wrong) = Keymap::load("emacs", &Overrides::new());
    assert_eq!(wrong, ["No key preset is called \"emacs\"; there are default, arrows, idea, vim."]);
}

#[test]
fn a_key_taken_from_another_is_told() {
    let own = |keys: &[(&str, &str)]| -> Overrides {
        [("merge".to_owned(), keys.iter().map(|(action, keys)| ((*action).to_owned(), (*keys).to_owned())).collect())].into()
    };
    let (_, wrong) = Keymap::load("default", &own(&[("mine", "x"), ("theirs", "x")]));
    assert_eq!(
        wrong,
        ["x is mine now in mode merge: neither has no key left.", "x is set for mine and theirs in mode merge: theirs has it."]
    );
    // Two that change places, and one that has other keys still.
    let (_, wrong) = Keymap::load("default", &own(&[("base", "x"), ("neither", "0"), ("mine", "t m")]));
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn two_keys_one_after_the_other() {
    let key = |name: &str| name.parse::<Key>().unwrap();
    let press = |name: &str| name.parse::<Press>().unwrap();
    let (map, _) = Keymap::load("vim", &Overrides::new());
    assert_eq!(map.action(Mode::Merge, press("]c")), Some(Action::HunkNext));
    assert_eq!(map.action(Mode::Merge, key("]")), None);
    assert!(map.begins(Mode::Merge, key("]")) && !map.begins(Mode::Merge, key("c")));
    assert_eq!(map.key_name(Mode::Merge, Action::HunkNext), "]c");
    let own: Overrides = [("merge".to_owned(), [("fold".to_owned(), "zz z".to_owned())].into())].into();
    let (_, wrong) = Keymap::load("default", &own);
    assert_eq!(wrong, ["z is fold and begins zz, fold, in mode merge: fold is out of its reach."]);
    assert!("abc".parse::<Press>().is_err());
}

#[test]
fn keys_are_read_as_they_are_named() {
    for (name, shown) in
        [("ctrl-s", "Ctrl-S"), ("G", "G"), ("shift-f3", "Shift-F3"), ("space", "Space"), ("-", "-"), ("ctrl--", "Ctrl--"), ("left", "←")]
    {
        assert_eq!(name.parse::<Key>().unwrap().to_string(), shown);
    }
    assert!("hyper-x".parse::<Key>().is_err());
    assert!("f99".parse::<Key>().is_err());
}

#[test]
fn keys_that_terminals_cannot_tell_apart_are_not_bound() {
    for preset in ["default", "vim", "idea", "arrows"] {
        let (map, _) = Keymap::load(preset, &Overrides::new());
        for mode in Mode::ALL {
            for binding in map.lines(*mode) {
                for bad in ["ctrl-m", "ctrl-h", "ctrl-i", "ctrl-j", "ctrl-["] {
                    assert!(!binding.keys.contains(&bad.parse().unwrap()), "{bad} in {}", mode.name());
                }
            }
        }
    }
}

#[test]
fn every_theme_can_be_read() {
    for name in Theme::names() {
        for true_colour in [true, false] {
            let theme = Theme::built_in(name, true_colour).unwrap();
            assert_eq!(theme.name, name);
        }
    }
    let mono = Theme::built_in("mono", true).unwrap();
    assert!(Role::ALL.iter().all(|r| mono.get(*r).fg.is_none() && mono.get(*r).bg.is_none()));
    assert!(Theme::read("x", "[mine]\nfg = \"no\"", true).unwrap_err().contains("no such colour"));
    assert!(Theme::read("x", "[nobody]\nbold = true", true).unwrap_err().contains("unknown role"));
}
