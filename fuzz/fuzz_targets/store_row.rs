//! Rows as the store keeps them, whatever happened to the file: each is refused or read, what is read survives being
//! written again, and a control plane that starts with it goes on.

#![no_main]

use fuzz::world;
use gse_core::id::CounterIds;
use gse_core::{Clocks, ControlPlane, Cx, Quotas, Row, RowKind};
use libfuzzer_sys::fuzz_target;

// A line for each row: a byte for the kind, then the row.
fuzz_target!(|data: &[u8]| {
    let rows: Vec<Row> = data.split(|byte| *byte == b'\n').filter_map(row).collect();
    let mut control_plane = ControlPlane::restore(rows);
    let instances: Vec<_> = control_plane.state().instances.values().map(|row| row.id.clone()).collect();
    let (mut ids, clocks, quotas) = (CounterIds::default(), Clocks::default(), Quotas::default());
    for instance in instances {
        let _ = control_plane.resync(&Cx::new(world::NOW, &mut ids, &clocks, &quotas), &instance);
    }
    let step = control_plane.on_timer(Cx::new(world::NOW, &mut ids, &clocks, &quotas));
    for change in step.changes {
        if let gse_core::Change::Put(row) = change {
            survives(&row);
        }
    }
    assert!(control_plane.next_wakeup().is_none_or(|next| next > world::NOW), "still due");
});

fn row(line: &[u8]) -> Option<Row> {
    let [kind, text @ ..] = line else { return None };
    let kind = RowKind::ALL[usize::from(*kind) % RowKind::ALL.len()];
    let row = read(kind, text).ok()?;
    survives(&row);
    Some(row)
}

fn read(kind: RowKind, text: &[u8]) -> serde_json::Result<Row> {
    Row::deserialize(kind, &mut serde_json::Deserializer::from_slice(text))
}

fn survives(row: &Row) {
    let text = serde_json::to_vec(row).expect("rows can be written");
    let again = read(row.kind(), &text).expect("what was written can be read");
    assert_eq!(again, *row);
    assert_eq!((again.key(), again.deadline()), (row.key(), row.deadline()));
}
