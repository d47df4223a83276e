//! When the list of driven actions holds.

use super::{Driven, differences};

fn driven(pairs: &[(&str, &[&str])]) -> Driven {
    let clients = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    pairs.iter().map(|(action, names)| ((*action).to_owned(), clients(names))).collect()
}

#[test]
fn the_list_holds_for_what_was_driven_and_nothing_else() {
    let list = driven(&[("ListFleets", &["tccli", "sdk"]), ("CreateFleet", &["sdk"])]);
    assert_eq!(differences(&list, &list), [Vec::<String>::new(), Vec::new()]);

    let other = driven(&[("ListFleets", &["sdk"]), ("CreateFleet", &["sdk"]), ("CopyFleet", &["sdk"])]);
    let [missing, new] = differences(&list, &other);
    assert_eq!((missing, new), (vec!["ListFleets by tccli".to_owned()], vec!["CopyFleet by sdk".to_owned()]));
}
