//! The codes that the service gives are those of the lists in `gse_api`, which knows nothing of the core: whoever shows
//! a text for each code of a list forgets none.

use gse_api::EVENT_CODES;
use gse_api::extension::{CapacityMode, FINDING_RULES, LINT_RULES, StandsCode};
use gse_core::capacity::decision::Mode;
use gse_core::event::EventCode;
use gse_core::timeline::Stands;
use gse_core::{diagnosis, package};

#[test]
fn the_lists_have_every_code() {
    let rules: Vec<&str> = diagnosis::RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(rules, FINDING_RULES);
    assert_eq!(package::lint::RULES, LINT_RULES);
    let modes: Vec<&str> = Mode::ALL.iter().map(|mode| mode.as_str()).collect();
    assert_eq!(modes, CapacityMode::ALL.iter().map(|mode| mode.as_str()).collect::<Vec<_>>());
    let stands: Vec<&str> = Stands::ALL.iter().map(|stands| stands.as_str()).collect();
    assert_eq!(stands, StandsCode::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>());
    for code in EventCode::ALL {
        assert!(EVENT_CODES.contains(&code.as_str()), "{code}");
    }
}
