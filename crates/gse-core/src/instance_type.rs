//! The catalogue of instance types (F-36). They are names: what stands behind one is the host's business, and the sizes
//! are those that the name had.

/// An instance type as it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstanceType {
    /// Family and size, such as `S5.LARGE8`.
    pub name: &'static str,
    /// Cores.
    pub cores: u32,
    /// Memory in GB.
    pub memory_gb: u32,
    /// Packets per second in units of 10,000; 0: nobody wrote down how many the type had.
    pub network_card: u32,
}

impl InstanceType {
    /// The part of the name before the size.
    pub fn family(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(family, _)| family)
    }
}

const fn instance_type(name: &'static str, cores: u32, memory_gb: u32) -> InstanceType {
    InstanceType { name, cores, memory_gb, network_card: 0 }
}

/// What an instance of a fleet can be.
pub const CATALOGUE: [InstanceType; 13] = [
    instance_type("S5.SMALL2", 1, 2),
    instance_type("S5.LARGE8", 4, 8),
    instance_type("S5.2XLARGE16", 8, 16),
    instance_type("S5.2XLARGE32", 8, 32),
    instance_type("S5.4XLARGE32", 16, 32),
    instance_type("S5.4XLARGE64", 16, 64),
    instance_type("S5.6XLARGE48", 24, 48),
    instance_type("S5.6XLARGE96", 24, 96),
    instance_type("S5.8XLARGE64", 32, 64),
    instance_type("S5.8XLARGE128", 32, 128),
    instance_type("SA1.SMALL1", 1, 1),
    InstanceType { name: "S3.LARGE8", cores: 4, memory_gb: 8, network_card: 45 },
    instance_type("S2.LARGE8", 4, 8),
];

/// The type of that name.
pub fn find(name: &str) -> Option<&'static InstanceType> {
    CATALOGUE.iter().find(|known| known.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// F-36: the size behind the family says how much memory there is.
    #[test]
    fn f36_the_memory_is_that_of_the_name() {
        for known in CATALOGUE {
            assert!(
                known.name.ends_with(&format!("LARGE{}", known.memory_gb)) || known.cores == 1,
                "{known:?}"
            );
            assert_eq!(find(known.name), Some(&known));
            assert!(known.name.starts_with(known.family()) && known.family().len() < 4, "{known:?}");
        }
        assert_eq!(find("HUGE"), None);
    }
}
