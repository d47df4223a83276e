//! Charts as SVG, drawn on the server: they are there without a script, can be saved, and have their numbers as a table.
//!
//! Colours are attributes, which is what a saved picture shows; the style sheet replaces them where it is dark. Lines differ
//! by dashes too, so that colour is not all that tells them apart.

use std::fmt::Write as _;

use maud::{Markup, PreEscaped, html};

use crate::html as parts;
use crate::text;
use crate::visit::Visit;

/// The drawing, in its own units: narrow enough for a telephone without shrinking what is written in it.
const WIDTH: f64 = 380.0;
const HEIGHT: f64 = 190.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 24.0;
/// Lines across.
const GRID: u32 = 4;
/// Rows of the table below a chart; the file has all of them.
const ROWS: usize = 48;

const COLOURS: [&str; 6] = ["#0052cc", "#b34700", "#13693a", "#7a2e9e", "#a1181d", "#4b5563"];
const DASHES: [&str; 6] = ["", "6 3", "2 2", "8 3 2 3", "1 3", "10 4"];

/// One line of a chart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    /// What it is called.
    pub(crate) name: String,
    /// `%`, `s`, …; empty for a count.
    pub(crate) unit: &'static str,
    /// A value for each time; `None`: it could not be measured.
    pub(crate) values: Vec<Option<f64>>,
}

/// A chart with a name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chart {
    /// Unique on its page.
    pub(crate) id: String,
    /// What somebody called it, or what it shows.
    pub(crate) title: String,
    /// The time of each value: seconds since the epoch.
    pub(crate) times: Vec<i64>,
    /// The first and last second that is shown.
    pub(crate) span: (i64, i64),
    /// The lines.
    pub(crate) lines: Vec<Line>,
}

impl Chart {
    /// With its legend and its table; `tools` is what can be done with it.
    pub(crate) fn show(&self, v: &Visit, tools: &Markup) -> Markup {
        html! {
            figure.chart id=(self.id) {
                figcaption { h2 { bdi.user { (self.title) } } span.tools { (tools) } }
                @if self.times.is_empty() {
                    p.empty { (v.t(text::NO_SAMPLES)) }
                } @else {
                    (PreEscaped(self.drawing(false)))
                    (self.legend(v))
                    (self.table(v))
                }
            }
        }
    }

    fn legend(&self, v: &Visit) -> Markup {
        html! {
            ul.legend {
                @for (number, line) in self.lines.iter().enumerate() {
                    @let known = || line.values.iter().flatten().copied();
                    li {
                        svg.key width="26" height="10" viewBox="0 0 26 10" aria-hidden="true" {
                            line class={ "line l" (number % COLOURS.len()) } x1="0" y1="5" x2="26" y2="5"
                                stroke=(COLOURS[number % COLOURS.len()]) stroke-width="2"
                                stroke-dasharray=(DASHES[number % DASHES.len()]) {}
                        }
                        " " span.user { (line.name) } " "
                        @if let Some(last) = known().next_back() {
                            strong { (number_text(last)) (line.unit) }
                            span.small {
                                " (" (number_text(known().fold(f64::INFINITY, f64::min))) "–"
                                (number_text(known().fold(f64::NEG_INFINITY, f64::max))) ")"
                            }
                        } @else {
                            span.small { (v.t(text::NOT_MEASURED)) }
                        }
                    }
                }
            }
        }
    }

    /// The newest rows first.
    fn table(&self, v: &Visit) -> Markup {
        html! {
            details {
                summary { (v.t(text::AS_TABLE)) }
                div.scroll { table.plain {
                    caption.small { (self.title) }
                    thead { tr {
                        th scope="col" { (v.t(text::TIME)) }
                        @for line in &self.lines { th scope="col" { (line.name) } }
                    } }
                    tbody {
                        @for (row, time) in self.times.iter().enumerate().rev().take(ROWS) {
                            tr {
                                td { (parts::time(&iso(*time))) }
                                @for line in &self.lines {
                                    td { (line.values.get(row).copied().flatten().map_or("–".to_owned(), number_text)) }
                                }
                            }
                        }
                    }
                } }
                @if self.times.len() > ROWS { p.small { (v.t(text::TABLE_IS_CUT)) } }
            }
        }
    }

    /// The chart as a picture of its own, with its name and its legend in it.
    pub(crate) fn picture(&self) -> String {
        self.drawing(true)
    }

    fn drawing(&self, is_alone: bool) -> String {
        let most =
            self.lines.iter().flat_map(|line| line.values.iter().flatten()).copied().fold(0.0, f64::max);
        let top = round_up(most);
        let above = if is_alone { 22.0 } else { 0.0 };
        let below = if is_alone { 8.0 + 16.0 * count(self.lines.len()) } else { 0.0 };
        let (height, width) = (HEIGHT + above + below, WIDTH);
        let mut svg = String::new();
        let name = if is_alone { " xmlns=\"http://www.w3.org/2000/svg\"" } else { "" };
        let size = if is_alone {
            format!(" width=\"{}\" height=\"{}\"", width * 2.0, height * 2.0)
        } else {
            String::new()
        };
        let title = escaped(&self.title);
        let _ = write!(
            svg,
            "<svg{name}{size} class=\"drawing\" role=\"img\" aria-label=\"{title}\" viewBox=\"0 {} {width} {height}\" \
             font-family=\"sans-serif\" font-size=\"10\">",
            -above
        );
        if is_alone {
            let _ = write!(
                svg,
                "<rect y=\"{}\" width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>",
                -above
            );
            let _ = write!(svg, "<text x=\"8\" y=\"-6\" font-size=\"13\" fill=\"#1a202c\">{title}</text>");
        }
        self.axes(&mut svg, top);
        for (number, line) in self.lines.iter().enumerate() {
            self.line(&mut svg, number, line, top);
        }
        if is_alone {
            for (number, line) in self.lines.iter().enumerate() {
                let y = HEIGHT + 10.0 + 16.0 * count(number);
                let (colour, dash) = (COLOURS[number % COLOURS.len()], DASHES[number % DASHES.len()]);
                let _ = write!(
                    svg,
                    "<line x1=\"8\" y1=\"{y}\" x2=\"34\" y2=\"{y}\" stroke=\"{colour}\" stroke-width=\"2\" \
                     stroke-dasharray=\"{dash}\"/><text x=\"40\" y=\"{}\" fill=\"#1a202c\">{}</text>",
                    y + 3.5,
                    escaped(&line.name)
                );
            }
        }
        svg + "</svg>"
    }

    fn axes(&self, svg: &mut String, top: f64) {
        for step in 0..=GRID {
            let value = top * f64::from(step) / f64::from(GRID);
            let y = place(value, top);
            let _ = write!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{}\" y2=\"{y:.1}\" stroke=\"#d9dee7\"/>\
                 <text class=\"axis\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#5a6577\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 5.0,
                y + 3.5,
                number_text(value)
            );
        }
        let (from, to) = self.span;
        for step in 0..=3 {
            let time = from + (to - from) * step / 3;
            let anchor = ["start", "middle", "middle", "end"][usize::try_from(step).unwrap_or_default()];
            let _ = write!(
                svg,
                "<text class=\"axis\" x=\"{:.1}\" y=\"{}\" text-anchor=\"{anchor}\" fill=\"#5a6577\">{}</text>",
                self.x(time),
                HEIGHT - 8.0,
                short_time(time, to - from)
            );
        }
    }

    /// Pieces between what could not be measured, each with a dot at its end.
    fn line(&self, svg: &mut String, number: usize, line: &Line, top: f64) {
        let (colour, dash) = (COLOURS[number % COLOURS.len()], DASHES[number % DASHES.len()]);
        let class = number % COLOURS.len();
        let points: Vec<Option<(f64, f64)>> = self
            .times
            .iter()
            .zip(&line.values)
            .map(|(time, value)| value.map(|value| (self.x(*time), place(value, top))))
            .collect();
        for piece in points.split(Option::is_none).filter(|piece| !piece.is_empty()) {
            let places: Vec<String> = piece.iter().flatten().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            if places.len() > 1 {
                let _ = write!(
                    svg,
                    "<polyline class=\"line l{class}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" \
                     stroke-linejoin=\"round\" stroke-dasharray=\"{dash}\" points=\"{}\"/>",
                    places.join(" ")
                );
            }
            // Where it ends is how it is now; a value alone, or few of a long time, are seen by it.
            if let Some(Some((x, y))) = piece.last() {
                let _ = write!(
                    svg,
                    "<circle class=\"dot l{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\" fill=\"{colour}\"/>"
                );
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "seconds of a picture")]
    fn x(&self, time: i64) -> f64 {
        let (from, to) = self.span;
        let share = (time - from) as f64 / (to - from).max(1) as f64;
        LEFT + share.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }
}

/// From the top, in the units of the drawing.
fn place(value: f64, top: f64) -> f64 {
    TOP + (1.0 - value / top) * (HEIGHT - TOP - BOTTOM)
}

#[expect(clippy::cast_precision_loss, reason = "as many as lines in a picture")]
fn count(number: usize) -> f64 {
    number as f64
}

/// The least of 1, 2, 4 and 8 times a power of ten that is not below, so that the lines across are round numbers.
fn round_up(most: f64) -> f64 {
    if !most.is_finite() || most <= 4.0 {
        return 4.0;
    }
    let power = 10_f64.powf(most.log10().floor());
    [1.0, 2.0, 4.0, 8.0].map(|step| step * power).into_iter().find(|top| *top >= most).unwrap_or(power * 10.0)
}

/// At most two decimals, none that say nothing.
pub(crate) fn number_text(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Seconds since the epoch as ISO 8601, UTC.
pub(crate) fn iso(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days to civil, with years that begin in March.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year_of_era + era * 400 + later;
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The hour for a day and less, the day for more.
fn short_time(time: i64, span: i64) -> String {
    let iso = iso(time);
    let part = if span > 86_400 { iso.get(5..10) } else { iso.get(11..16) };
    part.unwrap_or_default().to_owned()
}

fn escaped(text: &str) -> String {
    html! { (text) }.into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: Vec<Option<f64>>) -> Chart {
        let times: Vec<i64> = (0..values.len()).map(|minute| i64::try_from(minute).unwrap() * 60).collect();
        let line = Line { name: "a<b>".into(), unit: "", values };
        Chart { id: "c".into(), title: "\"><script>".into(), times, span: (0, 240), lines: vec![line] }
    }

    #[test]
    fn gaps_are_gaps_and_single_values_are_seen() {
        let drawn = chart(vec![Some(1.0), Some(2.0), None, Some(8.0), None]).drawing(false);
        assert_eq!(drawn.matches("<polyline").count(), 1, "{drawn}");
        assert_eq!(drawn.matches("<circle").count(), 2, "{drawn}");
        // 8 is the top of the axis, and 1 an eighth of it.
        assert!(
            drawn.contains("points=\"44.0,146.5 126.0,127.0\"") && drawn.contains("cy=\"10.0\""),
            "{drawn}"
        );
    }

    #[test]
    fn a_picture_is_whole_and_nothing_in_it_is_markup() {
        let picture = chart(vec![Some(1.0)]).picture();
        assert!(picture.starts_with("<svg xmlns=") && picture.ends_with("</svg>"));
        assert!(!picture.contains("<script>") && !picture.contains("a<b>") && picture.contains("a&lt;b&gt;"));
    }

    #[test]
    fn axes_end_at_round_numbers() {
        for (most, top) in
            [(0.0, 4.0), (3.0, 4.0), (4.5, 8.0), (9.0, 10.0), (10.0, 10.0), (41.0, 80.0), (999.0, 1000.0)]
        {
            assert!((round_up(most) - top).abs() < 1e-9, "{most}: {}", round_up(most));
        }
        assert_eq!([0.0, 2.5, 10.0, 0.333].map(number_text), ["0", "2.5", "10", "0.33"]);
    }

    #[test]
    fn times_are_written() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_609_502_400, "2021-01-01T12:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_709_251_200, "2024-03-01T00:00:00Z"),
            (4_102_444_799, "2099-12-31T23:59:59Z"),
        ] {
            assert_eq!(iso(seconds), text);
        }
    }
}
