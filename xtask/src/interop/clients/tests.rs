//! When the list of driven actions holds.

use super::{Driven, Found, differences};

fn driven(pairs: &[(&str, &[&str])]) -> Driven {
    let clients = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    pairs.iter().map(|(action, names)| ((*action).to_owned(), clients(names))).collect()
}

#[test]
fn the_list_holds_for_what_was_driven_and_nothing_else() {
    let list = driven(&[("ListFleets", &["tccli", "sdk"]), ("CreateFleet", &["sdk"])]);
    let all = Found { driven: list.clone(), ..Found::default() };
    assert_eq!(differences(&list, &all), [Vec::<String>::new(), Vec::new()]);

    let other = driven(&[("ListFleets", &["sdk"]), ("CreateFleet", &["sdk"]), ("CopyFleet", &["sdk"])]);
    let found = Found { driven: other, ..Found::default() };
    let [missing, new] = differences(&list, &found);
    assert_eq!((missing, new), (vec!["ListFleets by tccli".to_owned()], vec!["CopyFleet by sdk".to_owned()]));
}

#[test]
fn an_action_that_is_not_built_is_excused() {
    let list = driven(&[("ListFleets", &["sdk"]), ("PutScalingPolicy", &["sdk"])]);
    let mut found = Found { driven: driven(&[("ListFleets", &["sdk"])]), ..Found::default() };
    assert_eq!(differences(&list, &found)[0], ["PutScalingPolicy by sdk"]);
    found.unbuilt.insert("PutScalingPolicy".to_owned());
    assert_eq!(differences(&list, &found), [Vec::<String>::new(), Vec::new()]);
}
