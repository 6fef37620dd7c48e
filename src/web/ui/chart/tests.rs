//! What a chart's markup holds, and what it never holds.

use askama::Template as _;

use super::*;

fn chart<'a>(categories: Vec<&'a str>, figures: Figures<'a>) -> Chart<'a> {
    Chart {
        id: "figures", title: "按期回复率", description: "每家企业一行", categories, figures
    }
}

fn svg(categories: Vec<&str>, figures: Figures<'_>) -> String {
    let drawing = chart(categories, figures).draw().expect("there is something to draw");
    drawing.render().expect("it can be written")
}

fn series<V>(name: &str, values: Vec<V>) -> Series<'_, V> {
    Series { name, values }
}

#[test]
fn rates_are_bars_with_their_figures() {
    let rates = vec![Some(87.5), None, Some(0.0), Some(f64::NAN), Some(400.0)];
    let figures = Figures::Rates(vec![series("按期回复", rates)]);
    let svg = svg(vec!["岱海制药", "甲", "乙", "丙", "丁"], figures);
    // Neither nothing nor nought has a bar.
    assert_eq!(svg.matches(r#"<rect class="chart-series-1""#).count(), 2, "{svg}");
    for words in [">岱海制药<", ">87.5%<", ">0%<", ">–<", ">100%<"] {
        assert!(svg.contains(words), "{words} in {svg}");
    }
    assert!(svg.contains(r#"viewBox="0 0 420 "#) && !svg.contains("<svg width"), "{svg}");
}

#[test]
fn a_drawing_is_read_out_by_its_title_and_description() {
    let figures = Figures::Rates(vec![series("按期", vec![Some(50.0)])]);
    let svg = svg(vec!["甲"], figures);
    for words in [
        r#"role="img" aria-labelledby="figures-title figures-description""#,
        r#"<title id="figures-title">按期回复率</title>"#,
        r#"<desc id="figures-description">每家企业一行</desc>"#,
    ] {
        assert!(svg.contains(words), "{words} in {svg}");
    }
}

#[test]
fn columns_stand_beside_or_upon_each_other() {
    let both = || vec![series("新增", vec![3, 8]), series("办结", vec![2, 5])];
    let months = || vec!["1月", "2月"];
    let beside = svg(months(), Figures::Grouped(both()));
    let upon = svg(months(), Figures::Stacked(both()));
    for (svg, notes) in [(&beside, [">3<", ">8<"]), (&upon, [">5<", ">13<"])] {
        // Two columns and the legend's mark for each colour.
        assert_eq!(svg.matches(r#"<rect class="chart-series-2""#).count(), 3, "{svg}");
        assert!(notes.iter().all(|note| svg.contains(note)) && svg.contains(">办结<"), "{svg}");
    }
}

#[test]
fn names_stay_inert() {
    let name = "</text><script>alert(1)</script>\"'&\u{0}\u{7}";
    let figures = Figures::Rates(vec![series(name, vec![Some(1.0)]), series("乙", vec![])]);
    let mut chart = chart(vec![name], figures);
    (chart.title, chart.description) = ("<b onload=x>", name);
    let svg = chart.draw().expect("drawn").render().expect("written");
    assert!(!svg.contains("<script") && !svg.contains("<b ") && !svg.contains('\u{0}'), "{svg}");
    // Every quote belongs to an attribute of ours.
    assert!(svg.contains("&#60;/text&#62;") && !svg.contains("alert(1)<"), "{svg}");
    assert!(!svg.contains("style=") && !svg.contains("<style"), "{svg}");
}

#[test]
fn a_page_carries_a_drawing_unescaped() {
    #[derive(Template)]
    #[template(source = "{% if let Some(chart) = chart %}{{ chart }}{% endif %}", ext = "html")]
    struct Page {
        chart: Option<Drawing>,
    }
    let figures = Figures::Grouped(vec![series("<新增>", vec![1])]);
    let page = Page { chart: chart(vec!["<1月>"], figures).draw() };
    let page = page.render().expect("a page");
    assert!(page.starts_with("<svg ") && page.contains("&#60;1月&#62;"), "{page}");
}

#[test]
fn without_data_there_is_no_chart() {
    let nothing = [
        (vec![], Figures::Rates(vec![series("甲", vec![Some(1.0)])])),
        (vec!["甲"], Figures::Rates(vec![])),
        (vec!["甲"], Figures::Rates(vec![series("甲", vec![None])])),
        (vec!["甲"], Figures::Rates(vec![series("甲", vec![Some(f64::INFINITY)])])),
        (vec![], Figures::Grouped(vec![series("甲", vec![1])])),
        (vec!["1月"], Figures::Grouped(vec![])),
        (vec!["1月"], Figures::Grouped(vec![series("甲", vec![0])])),
        (vec!["1月"], Figures::Stacked(vec![series("甲", vec![])])),
        (vec![], Figures::Stacked(vec![])),
    ];
    for (categories, figures) in nothing {
        let shown = format!("{categories:?} {figures:?}");
        assert!(chart(categories, figures).draw().is_none(), "{shown}");
    }
}

#[test]
fn any_number_of_anything_is_drawn() {
    let long = "济南市第一人民医院东院区药学部".repeat(9);
    for many in [1, 2, 13, 60, 500] {
        let categories = || vec![long.as_str(); many];
        let counts: Vec<u32> = (0..600).map(|index| index * 7_158_278).collect();
        let counts = || (0..9).map(|_| series(&long, counts.clone())).collect::<Vec<_>>();
        let rates = (0..9).map(|_| series(&long, vec![Some(12.34); many])).collect();
        for figures in
            [Figures::Rates(rates), Figures::Grouped(counts()), Figures::Stacked(counts())]
        {
            // The first of one month alone is nothing.
            if let Some(drawing) = chart(categories(), figures).draw() {
                let svg = drawing.render().expect("written");
                assert!(!svg.contains(&long) && svg.contains("…"), "{many}");
                for outside in [" x=\"-", " y=\"-", "width=\"-"] {
                    assert!(many > 100 || !svg.contains(outside), "{many}: {outside}");
                }
            }
        }
    }
}
