//! Importing large tables: rows per second, and the memory they take.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use rust_xlsxwriter::Workbook;
use supplyline::clock::Clock;
use supplyline::service::import::{self, Kind, Mode, Upload};
use supplyline::service::{App, Limits};

use super::{memory, row, world};

const PRODUCTS: u32 = 100_000;
const TICKETS: u32 = 10_000;

pub(crate) async fn figures() {
    type Made = fn(&Table) -> Vec<u8>;
    let cases: [(&str, Kind, u32, Made); 3] = [
        ("products, CSV", Kind::Products, PRODUCTS, csv),
        ("products, XLSX", Kind::Products, PRODUCTS, xlsx),
        ("historic tickets, CSV", Kind::Tickets, TICKETS, csv),
    ];
    for (what, kind, rows, file) in cases {
        let table = if kind == Kind::Tickets { tickets() } else { products() };
        let file = file(&table);
        drop(table);
        let world = world().await;
        let clock = Clock::still_at("2026-11-16T01:00:00Z".parse().expect("an instant"));
        let app = App::open(world.store.clone(), clock, Limits::Off).await.expect("opened");
        memory::forget_peak();
        let before = memory::resident();
        let megabytes = file.len() / 1024 / 1024;
        let begun = Instant::now();
        let upload = Upload {
            kind,
            bytes: file.into(),
            by: None,
            mode: Mode::Apply,
            progress: Arc::new(|_step| {}),
        };
        let prepared = import::prepare(&app, upload).await.expect("read");
        let read = begun.elapsed().as_secs_f64();
        let report = prepared.apply(&app).await.expect("applied");
        let seconds = begun.elapsed().as_secs_f64();
        assert_eq!((report.created, report.errors.first()), (rows, None));
        row(
            &format!("import of {rows} {what} ({megabytes} MB)"),
            &format!(
                "{seconds:.1} s ({read:.1} of them reading), {:.0} rows/s, peak {:.0} MiB more than the {before:.0} before",
                f64::from(rows) / seconds,
                memory::peak() - before,
            ),
        );
    }
}

type Table = (&'static [&'static str], Vec<Vec<String>>);

fn products() -> Table {
    let heading = &["产品编码", "省级区划代码", "产品名称", "剂型", "规格包装", "单位", "中选企业"];
    let maker = maker();
    let row = |number: u32| {
        vec![
            format!("XC01AAA001A001{:04}{:05}", number / 100_000, number % 100_000),
            "370000".to_owned(),
            format!("示例药品{number}"),
            "薄膜衣片".to_owned(),
            format!("{}mg×{}片/盒", number % 90 + 10, number % 40 + 8),
            "盒".to_owned(),
            maker.clone(),
        ]
    };
    (heading, (0..PRODUCTS).map(row).collect())
}

fn tickets() -> Table {
    let heading = &[
        "历史诉求",
        "医疗机构",
        "产品编码",
        "问题类别",
        "摘要",
        "情况说明",
        "缺口数量",
        "单位",
        "联系人",
        "联系电话",
        "提交时间",
        "状态",
        "办结时间",
    ];
    let (hospital, code) = (hospital(), "XA01ABD075A002010100594");
    let row = |number: u32| {
        let day = number % 28 + 1;
        [
            "是",
            &hospital,
            code,
            "断供",
            &format!("第{number}次断供"),
            "连续三周下单均未配送，库存仅够两天，请尽快安排供货。",
            &(number % 900 + 1).to_string(),
            "盒",
            "张心晴",
            "13900000001",
            &format!("2025-{:02}-{day:02} 09:30", number % 12 + 1),
            "已办结",
            "2026-01-15",
        ]
        .map(str::to_owned)
        .to_vec()
    };
    (heading, (0..TICKETS).map(row).collect())
}

/// The demo's first organisation of a kind.
fn house(kind: &str) -> String {
    let text = supplyline::shipped::text("demo/organisations.csv").expect("shipped");
    let line = text.lines().find(|line| line.split(',').nth(1) == Some(kind)).expect(kind);
    line.split(',').nth(2).expect("a name").to_owned()
}

fn maker() -> String {
    house("manufacturer")
}

fn hospital() -> String {
    house("hospital")
}

fn csv((heading, rows): &Table) -> Vec<u8> {
    let mut text = format!("\u{feff}{}\r\n", heading.join(","));
    for row in rows {
        write!(text, "{}\r\n", row.join(",")).expect("text");
    }
    text.into_bytes()
}

fn xlsx((heading, rows): &Table) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, heading.iter().copied()).expect("written");
    for (at, row) in (1..).zip(rows) {
        sheet.write_row(at, 0, row).expect("written");
    }
    book.save_to_buffer().expect("a workbook")
}
