//! Notices as they were given out, as they might be pasted, and as they should never be.

use chrono::{Datelike as _, NaiveDate};
use proptest::prelude::*;

use super::*;
use crate::domain::calendar::{DayKind, Layer};
use crate::domain::holiday::{Why, is_beside, read_year};

const FILES: [&str; 8] = [
    include_str!("../../../../data/calendars/2019.json"),
    include_str!("../../../../data/calendars/2020.json"),
    include_str!("../../../../data/calendars/2021.json"),
    include_str!("../../../../data/calendars/2022.json"),
    include_str!("../../../../data/calendars/2023.json"),
    include_str!("../../../../data/calendars/2024.json"),
    include_str!("../../../../data/calendars/2025.json"),
    include_str!("../../../../data/calendars/2026.json"),
];

const WEEKDAYS: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];

fn shipped() -> Layer {
    let mut layer = Layer::default();
    FILES.iter().for_each(|file| layer.publish(read_year(file).expect("a shipped year")));
    layer
}

fn read(text: &str) -> Notice {
    read_notice(text, None, None).unwrap_or_else(|refused| panic!("{refused}: {text}"))
}

/// The days as `month-day` and kind, with their names where those change.
fn days(notice: &Notice) -> String {
    let mut last = "";
    let mut told = Vec::new();
    for (_, day) in &notice.days {
        if day.name != last {
            told.push(day.name.clone());
            last = &day.name;
        }
        let kind = match day.kind {
            DayKind::Rest => "休",
            DayKind::Makeup => "补",
            DayKind::Working => "班",
        };
        told.push(format!("{}{kind}", day.date.format("%m-%d")));
    }
    told.join(" ")
}

fn findings(text: &str) -> Vec<String> {
    let notice = read(text);
    assert_eq!(notice.held, [], "{text}");
    notice.findings.iter().map(|(row, finding)| format!("{row} {}", finding.message())).collect()
}

/// A day as notices write it.
fn written(date: NaiveDate, notice: i32, style: usize) -> String {
    let year = if date.year() == notice { String::new() } else { format!("{}年", date.year()) };
    let index = usize::try_from(date.weekday().num_days_from_monday()).expect("below 7");
    let weekday = match style % 3 {
        0 => format!("（周{}）", WEEKDAYS[index]),
        1 => format!("（星期{}）", WEEKDAYS[index]),
        _ => String::new(),
    };
    format!("{year}{}月{}日{weekday}", date.month(), date.day())
}

/// A notice that says what the calendar has of its documents.
fn generated(year: i32, papers: &[String], layer: &Layer, style: usize) -> String {
    let mut text = format!(
        "国务院办公厅关于{year}年\n部分节假日安排的通知\n国办发明电〔{}〕9号\n各省、自治区、直辖市人民政府：\n　　经国务院批准，现将{year}年元旦等放假调休日期的具体安排通知如下。\n",
        year - 1
    );
    let own: Vec<&Day> = layer.days.values().filter(|day| papers.contains(&day.source)).collect();
    let mut names: Vec<&str> = Vec::new();
    for day in &own {
        if !names.contains(&day.name.as_str()) {
            names.push(&day.name);
        }
    }
    for (mark, name) in ["一", "二", "三", "四", "五", "六", "七"].iter().zip(names) {
        text.push_str(&format!("　　{mark}、{name}："));
        let rests: Vec<NaiveDate> = own
            .iter()
            .filter(|d| d.name == name && d.kind == DayKind::Rest)
            .map(|d| d.date)
            .collect();
        let runs = rests.chunk_by(|one, next| one.succ_opt() == Some(*next));
        for run in runs {
            let (first, last) = (run[0], run[run.len() - 1]);
            let to = if last == first {
                String::new()
            } else {
                format!("至{}", written(last, year, style))
            };
            text.push_str(&format!(
                "{}{to}放假调休，共{}天。",
                written(first, year, style),
                run.len()
            ));
        }
        let worked = own.iter().filter(|d| d.name == name && d.kind == DayKind::Makeup);
        let worked: Vec<_> = worked.map(|d| written(d.date, year, style)).collect();
        if !worked.is_empty() {
            text.push_str(&format!("{}上班。", worked.join("、")));
        }
        for day in own.iter().filter(|d| d.name == name && d.kind == DayKind::Working) {
            text.push_str(&format!("{}起正常上班。", written(day.date, year, style)));
        }
        text.push('\n');
    }
    text + "　　节假日期间，各地要妥善安排好值班，平安度过节日假期。\n国务院办公厅\n2025年11月4日\n（此件公开发布）"
}

#[test]
fn every_shipped_year_is_read_back_from_its_sentences() {
    let layer = shipped();
    for (at, file) in FILES.iter().enumerate() {
        let mut year = read_year(file).expect("a shipped year");
        // A file names the next year's notice, too, where that begins in its December.
        let next = FILES.get(at + 1).map(|next| read_year(next).expect("a shipped year"));
        year.papers.retain(|paper| !next.as_ref().is_some_and(|next| next.papers.contains(paper)));
        for style in 0..3 {
            let text = generated(year.year, &year.papers, &layer, style);
            let notice = read(&text);
            assert_eq!((&notice.findings, &notice.held), (&Vec::new(), &Vec::new()), "{text}");
            assert_eq!(notice.year, year.year);
            let own = layer.days.values().filter(|day| year.papers.contains(&day.source));
            let expected: Vec<_> = own.map(|d| (d.date, d.kind, d.name.as_str())).collect();
            let found: Vec<_> =
                notice.days.iter().map(|(_, d)| (d.date, d.kind, d.name.as_str())).collect();
            assert_eq!(found, expected, "{text}");
            let paper = format!("国办发明电〔{}〕9号", year.year - 1);
            assert!(notice.days.iter().all(|(_, day)| day.source == paper));
            let reading = notice.reading().expect("days");
            assert!(matches!(reading.material, Material::Year(_)), "{}", year.year);
            assert!(reading.material.years().contains(&year.year));
        }
    }
}

#[test]
fn the_notice_of_2025_is_read() {
    let text = "一、元旦：1月1日（周三）放假1天，不调休。
二、春节：1月28日（农历除夕、周二）至2月4日（农历正月初七、周二）放假调休，共8天。1月26日（周日）、2月8日（周六）上班。
七、国庆节、中秋节：10月1日（周三）至8日（周三）放假调休，共8天。9月28日（周日）、10月11日（周六）上班。";
    let notice = read_notice(text, Some(2025), Some("https://www.gov.cn/")).expect("a notice");
    assert_eq!(
        days(&notice),
        "元旦 01-01休 春节 01-26补 01-28休 01-29休 01-30休 01-31休 02-01休 02-02休 02-03休 02-04休 02-08补 \
         国庆节、中秋节 09-28补 10-01休 10-02休 10-03休 10-04休 10-05休 10-06休 10-07休 10-08休 10-11补"
    );
    assert_eq!((notice.findings.len(), notice.held.len()), (0, 0));
    assert!(notice.days.iter().all(|(_, day)| day.source == "https://www.gov.cn/"));
}

#[test]
fn advice_is_held_and_lone_days_are_read() {
    let text = "国务院办公厅关于2024年部分节假日安排的通知
一、元旦：1月1日放假，与周末连休。
二、春节：2月10日至17日放假调休，共8天。2月4日（星期日）、2月18日（星期日）上班。鼓励各单位结合带薪年休假等制度落实，安排职工在除夕（2月9日）休息。
五、端午节：6月10日放假，与周末连休。";
    let notice = read(text);
    assert_eq!(
        days(&notice),
        "元旦 01-01休 春节 02-04补 02-10休 02-11休 02-12休 02-13休 02-14休 02-15休 02-16休 02-17休 02-18补 端午节 06-10休"
    );
    assert_eq!(notice.held.len(), 1);
    assert_eq!((notice.held[0].row, notice.held[0].why), (3, Why::Unclear));
    assert!(notice.held[0].said.contains("除夕"));
    assert!(
        matches!(notice.reading().expect("days").material, Material::Days(_)),
        "a part of a year"
    );
}

#[test]
fn new_years_december_is_the_year_before() {
    let text =
        "关于2023年部分节假日安排的通知\n一、元旦：2022年12月31日至2023年1月2日放假调休，共3天。";
    assert_eq!(days(&read(text)), "元旦 12-31休 01-01休 01-02休");
    let text = "关于2019年部分节假日安排的通知\n一、元旦：2018年12月30日至2019年1月1日放假调休，共3天。2018年12月29日（星期六）上班。";
    assert_eq!(days(&read(text)), "元旦 12-29补 12-30休 12-31休 01-01休");
    let text = "关于2023年部分节假日安排的通知\n一、元旦：12月31日至1月2日放假调休，共3天。";
    assert_eq!(days(&read(text)), "元旦 12-31休 01-01休 01-02休");
    assert_eq!(findings(text), ["2 the year of 2022-12-31 is not written"]);
}

#[test]
fn changes_of_a_year_are_days_of_it() {
    let text = "国务院办公厅关于调整2019年劳动节假期安排的通知
一、2019年5月1日至4日放假调休，共4天。4月28日（星期日）、5月5日（星期日）上班。
二、各地区、各部门要妥善安排好值班等工作。";
    let notice = read(text);
    assert_eq!(days(&notice), "劳动节 04-28补 05-01休 05-02休 05-03休 05-04休 05-05补");
    assert_eq!(notice.held, []);
    assert_eq!(notice.days[0].1.source, "国务院办公厅关于调整2019年劳动节假期安排的通知");
    let text = "国务院办公厅关于延长2020年春节假期的通知
一、延长2020年春节假期至2月2日（农历正月初九，星期日），2月3日（星期一）起正常上班。
二、各地大专院校、中小学、幼儿园推迟开学。";
    let notice = read(text);
    assert_eq!((notice.days.len(), notice.held.len()), (0, 1), "since when is not said");
    assert!(notice.reading().is_err());
}

#[test]
fn what_a_notice_says_twice_is_compared() {
    let title = "关于2026年部分节假日安排的通知\n";
    let check = |line: &str, expected: &[&str]| {
        assert_eq!(findings(&format!("{title}{line}")), expected, "{line}");
    };
    check(
        "一、元旦：1月1日（周五）至3日（周六）放假。",
        &["2 2026-01-01 is a Thu, and the notice says Fri"],
    );
    check("一、元旦：1月1日至3日放假，共4天。", &["2 the notice says 4 days and names 3"]);
    check("一、元旦：1月1日至4日放假。1月4日上班。", &["2 2026-01-04 is both worked and free"]);
    check(
        "一、元旦：1月1日放假。1月5日上班。",
        &["2 2026-01-05 is a Monday, a working day anyway"],
    );
    check("一、元旦：1月1日放假。1月5日起正常上班。", &[]);
    let other =
        read_notice(&format!("{title}一、元旦：1月1日放假。"), Some(2027), None).expect("a notice");
    assert_eq!(other.findings, [(1, Finding::TitleYear { said: 2026 })]);
    assert_eq!(other.days[0].1.date.year(), 2027);
}

#[test]
fn what_cannot_be_is_held() {
    let why = |line: &str| {
        let notice = read_notice(line, Some(2026), None).expect("a notice");
        assert_eq!(notice.days, [], "{line}");
        notice.held.iter().map(|held| held.why).collect::<Vec<_>>()
    };
    assert_eq!(why("二、春节：2月29日放假。"), [Why::NoSuchDay]);
    assert_eq!(why("二、春节：2028年2月1日放假。"), [Why::OtherYear]);
    assert_eq!(why("二、春节：2月1日至3月15日放假。"), [Why::TooLong]);
    assert_eq!(why("二、春节：2月10日至2月1日放假。"), [Why::Unclear]);
    assert_eq!(why("二、春节：另行放假。"), [Why::Unclear]);
}

#[test]
fn what_is_no_notice_is_refused() {
    let code = |text: &str, year| read_notice(text, year, None).expect_err("refused").0[0].code;
    assert_eq!(code(" \n", None), "empty_file");
    assert_eq!(code("一、元旦：1月1日放假。", None), "year");
    assert_eq!(code("今天天气很好。", Some(2026)), "no_days");
    assert_eq!(code("一、元旦：1月1日放假。", Some(1999)), "year");
    assert_eq!(code(&"长".repeat(LONGEST_NOTICE + 1), None), "too_long");
}

#[test]
fn odd_spaces_widths_and_line_ends_change_nothing() {
    let plain = "关于2026年部分节假日安排的通知\n一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。";
    let odd = "　关 于２０２６年部分节假日安排的通知\r\n\r\n一、元旦: 1 月１日(周四) \n至3日（周六）放假调休,\u{200b}共3\u{a0}天。\r\n1⽉4日（ 周日 ）上班";
    assert_eq!(days(&read(odd)), days(&read(plain)));
    assert_eq!(read(odd).findings, []);
}

/// Pieces of which texts are made.
const PIECES: [&str; 20] = [
    "一、",
    "元旦：",
    "国庆节、中秋节：",
    "2026年",
    "9999年",
    "12月",
    "2月",
    "1日",
    "30日",
    "99日",
    "至",
    "、",
    "，",
    "。",
    "\n",
    "（周四）",
    "（",
    "放假调休",
    "共3天",
    "上班",
];

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}", year in prop::option::of(1990..2110)) {
        if let Err(Refused(errors)) = read_notice(&text, year, None) {
            prop_assert!(!errors.is_empty());
        }
    }

    #[test]
    fn any_pieces_are_read_or_refused(at in prop::collection::vec(0..PIECES.len(), 0..40)) {
        let text: String = at.iter().map(|at| PIECES[*at]).collect();
        if let Ok(notice) = read_notice(&text, Some(2026), None) {
            let in_reach = |date: NaiveDate| date.year() == 2026 || is_beside(date, 2026);
            prop_assert!(notice.days.iter().all(|(_, day)| in_reach(day.date)));
            prop_assert!(notice.days.len() + notice.held.len() > 0);
        }
    }
}
