use super::*;

const MEMORY: u64 = 1000 * MEGABYTE;

/// pid, parent, group, CPU milliseconds, megabytes; started at 1.
fn process((pid, parent, group, cpu_ms, megabytes): (u32, u32, u32, u64, u64)) -> SystemUsage {
    SystemUsage { pid, parent, group, started: 1, cpu_ms, memory_bytes: megabytes * MEGABYTE }
}

fn reading(second: i64, processes: &[(u32, u32, u32, u64, u64)]) -> HostReading {
    HostReading {
        at: Timestamp::from_seconds(second),
        processors: 2,
        memory_bytes: MEMORY,
        processes: processes.iter().copied().map(process).collect(),
        connections: BTreeMap::new(),
    }
}

fn launched(pairs: &[(u32, &str)]) -> BTreeMap<u32, InstanceId> {
    pairs.iter().map(|&(pid, instance)| (pid, InstanceId::new(instance))).collect()
}

#[test]
fn a_process_belongs_to_whom_it_descends_from() {
    let processes = [
        (10, 1, 10, 0, 0),
        // A child of a child; a launched one below another; one whose parent ended; somebody else's.
        (11, 10, 10, 0, 0),
        (12, 11, 12, 0, 0),
        (20, 10, 20, 0, 0),
        (21, 20, 10, 0, 0),
        (13, 1, 10, 0, 0),
        (30, 1, 30, 0, 0),
        // Its own parent, which no system has.
        (31, 31, 31, 0, 0),
    ]
    .map(process);
    let belonging = belonging(&processes, &launched(&[(10, "ins-a"), (20, "ins-b"), (99, "ins-gone")]));
    let of = |instance: &str| belonging.get(&InstanceId::new(instance)).cloned().unwrap_or_default();
    assert_eq!(of("ins-a"), [10, 11, 12, 13]);
    assert_eq!(of("ins-b"), [20, 21]);
    assert_eq!(belonging.len(), 2);
}

#[test]
fn cpu_is_that_between_two_looks() {
    let roots = launched(&[(10, "ins-a")]);
    type Process = (u32, u32, u32, u64, u64);
    // Of 2 processors for 10 s: 20,000 ms.
    let cases: [(&str, &[Process], &[Process], u64); 5] = [
        ("idle", &[(10, 1, 10, 500, 1)], &[(10, 1, 10, 500, 1)], 0),
        ("a quarter", &[(10, 1, 10, 500, 1)], &[(10, 1, 10, 5500, 1)], 25_000),
        (
            "a child that is new",
            &[(10, 1, 10, 500, 1)],
            &[(10, 1, 10, 500, 1), (11, 10, 10, 2000, 1)],
            10_000,
        ),
        ("one that ended", &[(10, 1, 10, 500, 1), (11, 10, 10, 9, 1)], &[(10, 1, 10, 700, 1)], 1000),
        ("never more than all", &[(10, 1, 10, 0, 1)], &[(10, 1, 10, 90_000, 1)], 100_000),
    ];
    for (name, before, now, wanted) in cases {
        let usages = measure(Some(&reading(0, before)), &reading(10, now), &roots);
        assert_eq!(usages[0].1.cpu_milli_percent, Some(wanted), "{name}");
    }
}

#[test]
fn a_number_that_was_used_again_is_another_process() {
    let roots = launched(&[(10, "ins-a")]);
    let before = reading(0, &[(10, 1, 10, 5000, 1)]);
    let mut now = reading(10, &[(10, 1, 10, 6000, 1)]);
    now.processes[0].started = 2;
    assert_eq!(measure(Some(&before), &now, &roots)[0].1.cpu_milli_percent, Some(30_000));
}

#[test]
fn what_cannot_be_known_is_not_told() {
    let roots = launched(&[(10, "ins-a")]);
    let now = reading(10, &[(10, 1, 10, 500, 50)]);
    let usage = measure(None, &now, &roots)[0].1;
    assert_eq!(usage.cpu_milli_percent, None);
    assert_eq!(usage.memory_milli_megabytes, Some(50_000));
    assert_eq!(usage.memory_milli_percent, Some(5000));
    assert_eq!(usage.connections, None);
    // Two looks at the same moment; a host that does not tell what it has.
    assert_eq!(measure(Some(&now), &now, &roots)[0].1.cpu_milli_percent, None);
    let bare = HostReading { memory_bytes: 0, processors: 0, ..now.clone() };
    let usage = measure(Some(&reading(0, &[])), &bare, &roots)[0].1;
    assert_eq!((usage.cpu_milli_percent, usage.memory_milli_percent), (None, None));
    let known = HostReading { connections: [(10, [7, 8, 9].into())].into(), ..now };
    assert_eq!(measure(None, &known, &roots)[0].1.connections, Some(3));
    let mut with_child = known.clone();
    with_child.processes.push(process((11, 10, 10, 0, 0)));
    assert_eq!(measure(None, &with_child, &roots)[0].1.connections, None, "one could not be looked at");
    with_child.connections.insert(11, [9, 10].into());
    assert_eq!(measure(None, &with_child, &roots)[0].1.connections, Some(4), "9 is the same for both");
    assert_eq!(measure(None, &known, &BTreeMap::new()), []);
}
