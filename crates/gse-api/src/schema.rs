//! The shape of requests as static data; the values are generated, the decoder walks them.

/// An object: a request or one of the structures inside it.
#[derive(Debug)]
pub struct Structure {
    /// The wire name.
    pub name: &'static str,
    /// Its members, ascending by name.
    pub members: &'static [Member],
}

impl Structure {
    /// The member of that exact name.
    pub fn member(&self, name: &str) -> Option<&'static Member> {
        self.members.iter().find(|member| member.name == name)
    }
}

/// One member of a structure.
#[derive(Debug)]
pub struct Member {
    /// The wire name.
    pub name: &'static str,
    /// Whether a request without it is refused.
    pub required: bool,
    /// What it holds.
    pub value: ValueType,
}

/// What a member or a list item holds.
#[derive(Debug)]
pub enum ValueType {
    /// Text.
    Text(Text),
    /// A whole number.
    Integer(Integer),
    /// A finite number.
    Float,
    /// `true` or `false`.
    Boolean,
    /// Several values of one type.
    List(List),
    /// A structure.
    Object(&'static Structure),
}

/// Limits of a text.
#[derive(Debug)]
pub struct Text {
    /// Shortest length in `unit`.
    pub min_length: usize,
    /// Longest length in `unit`.
    pub max_length: Option<usize>,
    /// How length is counted.
    pub unit: LengthUnit,
    /// The only values allowed; empty when there is no such list.
    pub one_of: &'static [&'static str],
    /// The form of the text.
    pub pattern: Option<Pattern>,
    /// §1.4: an empty text means that the member is absent.
    pub empty_is_absent: bool,
    /// The documented minimum is 0, so even a required member may be empty.
    pub may_be_empty: bool,
}

impl Text {
    /// Any text.
    pub const ANY: Self = Self {
        min_length: 0,
        max_length: None,
        unit: LengthUnit::Bytes,
        one_of: &[],
        pattern: None,
        empty_is_absent: false,
        may_be_empty: false,
    };
}

/// How the length of a text is counted (§4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LengthUnit {
    /// Bytes of UTF-8.
    Bytes,
    /// Unicode scalar values.
    Characters,
}

/// Forms of text. The spec has so few that no regular expressions are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// `^[0-9]+(KB|MB|GB)$`
    ImageSize,
    /// `^[a-zA-Z0-9-]+$`
    LettersDigitsHyphens,
    /// `^[a-zA-Z0-9_.-]+$`
    LettersDigitsPunctuation,
    /// `a.b.c.d/n`; host bits may be set (C15).
    Ipv4Cidr,
}

/// Limits of a whole number.
#[derive(Debug)]
pub struct Integer {
    /// `int64` if true, `uint64` if not.
    pub signed: bool,
    /// Smallest value.
    pub minimum: Option<i64>,
    /// Largest value.
    pub maximum: Option<i64>,
    /// The only values allowed; empty when there is no such list.
    pub one_of: &'static [i64],
    /// Symbolic names that stand for numbers (C04).
    pub names: &'static [(&'static str, i64)],
}

impl Integer {
    /// Any `int64`.
    pub const INT64: Self = Self { signed: true, minimum: None, maximum: None, one_of: &[], names: &[] };
    /// Any `uint64`.
    pub const UINT64: Self = Self { signed: false, ..Self::INT64 };
}

/// Limits of a list.
#[derive(Debug)]
pub struct List {
    /// Fewest items.
    pub min_items: usize,
    /// Most items.
    pub max_items: Option<usize>,
    /// What each item is.
    pub item: &'static ValueType,
}

/// Names that vendor samples send for `TimerType` (C04).
pub const TIMER_TYPE_NAMES: &[(&str, i64)] =
    &[("TimerTypeOnce", 1), ("TimerTypeDay", 2), ("TimerTypeMonth", 3), ("TimerTypeWeek", 4)];

/// Names that vendor samples send for `ScalingType` (C04).
pub const SCALING_TYPE_NAMES: &[(&str, i64)] = &[("ScalingTypeManual", 1), ("ScalingTypeAuto", 2)];
