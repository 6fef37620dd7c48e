//! Files that are not what they seem, made here and read like any other.

use std::io::{Cursor, Write as _};
use std::time::{Duration, Instant};

use encoding_rs::GB18030;
use supplyline::service::Error;
use supplyline::service::import::{Kind, Mode};
use supplyline::sheet::{self, Cell, SheetError};
use zip::write::{SimpleFileOptions, ZipWriter};

use super::{import, refusals, run};
use crate::support::db::{TestDb, both};
use crate::support::world::World;

both!(a_bad_file_is_a_refusal_and_a_foreign_one_another_type);

type Rows = Vec<Vec<String>>;

/// Every row's cells; what is bad in one is its code after an exclamation mark.
fn read(bytes: &[u8]) -> Result<Rows, SheetError> {
    let mut rows = Vec::new();
    let text = |cell: &Cell| match cell {
        Cell::Text(text) => text.clone(),
        Cell::Bad(code, _) => format!("!{code}"),
    };
    let begun = Instant::now();
    let read = sheet::read(bytes, &mut |row| {
        rows.push(row.cells.iter().map(text).collect());
        Ok(())
    });
    assert!(begun.elapsed() < Duration::from_secs(5), "no file is read for longer");
    read.map(|()| rows)
}

fn refused(bytes: &[u8]) -> (&'static str, u32, String) {
    let error = read(bytes).expect_err("refused");
    (error.code, error.row, error.column.unwrap_or_default())
}

const RELATIONS: &str = r#"<Relationships><Relationship Id="r1"
    Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    Target="xl/workbook.xml"/></Relationships>"#;
const BOOK_RELATIONS: &str = r#"<Relationships><Relationship Id="r1"
    Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"
    Target="worksheets/sheet1.xml"/></Relationships>"#;
/// The second format is a date's.
const STYLES: &str = r#"<styleSheet><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;

/// A workbook in the making.
struct Book(ZipWriter<Cursor<Vec<u8>>>);

impl Book {
    fn new(properties: &str, sheet: &str) -> Self {
        let mut book = Self(ZipWriter::new(Cursor::new(Vec::new())));
        let workbook = format!(
            r#"<workbook>{properties}<sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>"#
        );
        for (name, text) in [
            ("_rels/.rels", RELATIONS),
            ("xl/workbook.xml", workbook.as_str()),
            ("xl/_rels/workbook.xml.rels", BOOK_RELATIONS),
            ("xl/styles.xml", STYLES),
            ("xl/worksheets/sheet1.xml", sheet),
        ] {
            book.part(name, text.as_bytes());
        }
        book
    }

    fn part(&mut self, name: &str, bytes: &[u8]) {
        self.0.start_file(name, SimpleFileOptions::default()).expect("a part");
        self.0.write_all(bytes).expect("its bytes");
    }

    fn finish(self) -> Vec<u8> {
        self.0.finish().expect("an archive").into_inner()
    }
}

fn rows(inside: &str) -> String {
    format!("<worksheet><sheetData>{inside}</sheetData></worksheet>")
}

fn workbook(inside: &str) -> Vec<u8> {
    Book::new("", &rows(inside)).finish()
}

const ROW: &str = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>机构名称</t></is></c></row>"#;

#[test]
fn an_honest_workbook_is_read() {
    let inside = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>名 &amp; 称</t></is></c><c r="C1"><v>371002</v></c></row>
        <row r="3"><c r="B3" t="str"><v>x</v></c><c r="C3"><v>1.5</v></c></row>"#;
    let expected: Rows = vec![
        vec!["名 & 称".to_owned(), String::new(), "371002".to_owned()],
        vec![String::new(), "x".to_owned(), "1.5".to_owned()],
    ];
    assert_eq!(read(&workbook(inside)), Ok(expected));
}

#[test]
fn b047_a_cell_far_away_is_refused_and_costs_nothing() {
    let far = format!(r#"{ROW}<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#);
    let file = workbook(&far);
    assert!(file.len() < 2_000);
    assert_eq!(refused(&file), ("cell_out_of_range", 1_048_576, "XFD".to_owned()));
    let wide = format!(r#"{ROW}<row r="2"><c r="CW2"><v>1</v></c></row>"#);
    assert_eq!(refused(&workbook(&wide)), ("cell_out_of_range", 2, "CW".to_owned()));
    let forged = format!(r#"{ROW}<row r="9"><c r="A99999999999"><v>1</v></c></row>"#);
    assert!(read(&workbook(&forged)).is_err());
    let back = format!(
        r#"{ROW}<row r="9"><c r="A9"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>"#
    );
    assert_eq!(refused(&workbook(&back)).0, "broken_workbook");
    // A claimed extent alone is no cell.
    let claim = format!(
        "<worksheet><dimension ref=\"A1:XFD1048576\"/><sheetData>{ROW}</sheetData></worksheet>"
    );
    assert_eq!(read(&Book::new("", &claim).finish()).expect("read").len(), 1);
}

#[test]
fn b048_a_bomb_is_refused_before_it_is_inflated() {
    // 64 MB of one byte: a thousand to one.
    let mut book = Book::new("", &rows(ROW));
    book.part("xl/media/more.xml", &vec![b' '; 64 * 1024 * 1024]);
    let file = book.finish();
    assert!(file.len() < 100_000);
    assert_eq!(refused(&file).0, "too_large_inside");
    // Cells by the million.
    let many = format!("{ROW}{}", "<row><c/><c/><c/><c/></row>".repeat(1_000_000));
    assert_eq!(refused(&workbook(&many)).0, "too_large_inside");
}

#[test]
fn b048_archives_with_tricks_are_refused() {
    let with = |trick: &dyn Fn(&mut Book)| {
        let mut book = Book::new("", &rows(ROW));
        trick(&mut book);
        refused(&book.finish()).0
    };
    assert_eq!(with(&|book| book.part("xl/more.zip", b"PK")), "unsafe_archive");
    // The writer makes names harmless, so the harm is done afterwards.
    for evil in ["../../a.xml", "/etc/passwd"] {
        let mut book = Book::new("", &rows(ROW));
        book.part("xl/name.xml", b"<a/>");
        let mut file = book.finish();
        let places: Vec<_> =
            (0..file.len() - 11).filter(|at| &file[*at..at + 11] == b"xl/name.xml").collect();
        assert_eq!(places.len(), 2, "beside its bytes and in the directory");
        places.iter().for_each(|at| file[*at..at + 11].copy_from_slice(evil.as_bytes()));
        assert_eq!(refused(&file).0, "unsafe_archive", "{evil}");
    }
    let link = |book: &mut Book| {
        book.0
            .add_symlink("xl/link.xml", "/etc/passwd", SimpleFileOptions::default())
            .expect("a link");
    };
    assert_eq!(with(&link), "unsafe_archive");
    // A hundred thousand entries, as far as the directory says.
    let header = [b"PK\x01\x02".as_slice(), &[0; 42]].concat();
    let many = [b"PK\x03\x04".to_vec(), header.repeat(100_000)].concat();
    assert_eq!(refused(&many).0, "too_many_entries");
    assert_eq!(refused(b"PK\x03\x04 and nothing else").0, "not_a_table");
}

/// The places of every header with this signature.
fn headers(file: &[u8], signature: &[u8; 4]) -> Vec<usize> {
    file.windows(4).enumerate().filter(|(_, w)| w == signature).map(|(at, _)| at).collect()
}

#[test]
fn b048_headers_that_lie_are_refused() {
    let (directory, local) = (b"PK\x01\x02", b"PK\x03\x04");
    let honest = workbook(ROW);
    let last = *headers(&honest, directory).last().expect("a header");
    // The last part says that it is shorter, in the directory and beside its bytes.
    for said in [10_u32, 1_000_000] {
        let mut lying = honest.clone();
        lying[last + 24..last + 28].copy_from_slice(&said.to_le_bytes());
        let own = *headers(&honest, local).last().expect("a header");
        lying[own + 22..own + 26].copy_from_slice(&said.to_le_bytes());
        let code = refused(&lying).0;
        assert!(matches!(code, "unsafe_archive" | "not_a_table"), "{code}");
    }
    // The last part is the first part's bytes, too.
    let mut overlapping = honest.clone();
    overlapping[last + 42..last + 46].copy_from_slice(&0_u32.to_le_bytes());
    let code = refused(&overlapping).0;
    assert!(matches!(code, "unsafe_archive" | "not_a_table"), "{code}");
    // It says that it is encrypted.
    let mut encrypted = honest;
    encrypted[last + 8] |= 1;
    let error = read(&encrypted).expect_err("refused");
    assert!(error.is_of_type() && error.code == "encrypted");
}

#[test]
fn b049_xml_with_traps_is_refused() {
    let entities = "<!DOCTYPE a [<!ENTITY b \"bbbbbbbbbb\"><!ENTITY c \"&b;&b;&b;\">]>";
    let sheet = format!("{entities}{}", rows(ROW));
    assert_eq!(refused(&Book::new("", &sheet).finish()).0, "unsafe_xml");
    let mut claims = Book::new("", &rows(ROW));
    claims.part("xl/sharedStrings.xml", br#"<sst count="1" uniqueCount="9999999999"><si/></sst>"#);
    assert_eq!(refused(&claims.finish()).0, "unsafe_xml");
    let attributes: String = (0..100_000).map(|n| format!("a{}=\"{n}\" ", n % 7)).collect();
    let wide = format!("<row r=\"1\"><c r=\"A1\" {attributes}><v>1</v></c></row>");
    assert_eq!(refused(&workbook(&wide)).0, "unsafe_xml");
    // Few enough to be let through: an attribute that stands twice changes nothing.
    let few = "a=\"1\" ".repeat(1_000);
    let row = format!("<row r=\"1\"><c r=\"A1\" {few}><v>1</v></c></row>");
    assert_eq!(read(&workbook(&row)), Ok(vec![vec!["1".to_owned()]]));
    // A hundred thousand shared texts take no longer than they should.
    let mut texts = Book::new("", &rows(r#"<row r="1"><c r="A1" t="s"><v>99999</v></c></row>"#));
    let shared: String = (0..100_000).map(|n| format!("<si><t>药品{n}</t></si>")).collect();
    texts.part("xl/sharedStrings.xml", format!("<sst>{shared}</sst>").as_bytes());
    assert_eq!(read(&texts.finish()), Ok(vec![vec!["药品99999".to_owned()]]));
    let lost = r#"<row r="1"><c r="A1" t="s"><v>7</v></c></row>"#;
    assert_eq!(refused(&workbook(lost)).0, "broken_workbook");
}

#[test]
fn b050_dates_are_right_or_refused_by_their_cell() {
    let cells = |serials: &[&str]| {
        let cells = serials.iter().map(|serial| format!("<c s=\"1\"><v>{serial}</v></c>"));
        format!("<row r=\"1\">{}</row>", cells.collect::<String>())
    };
    let serials = cells(&["46066", "46066.395833333336", "0", "60", "-1", "1e300"]);
    let read_1900 = read(&workbook(&serials)).expect("read");
    assert_eq!(
        read_1900,
        [["2026-02-13", "2026-02-13T09:30:00", "!date", "!date", "!date", "!date"]
            .map(str::to_owned)]
    );
    let properties = r#"<workbookPr date1904="1"/>"#;
    let old = Book::new(properties, &rows(&cells(&["44604", "0"]))).finish();
    assert_eq!(read(&old), Ok(vec![vec!["2026-02-13".to_owned(), "!date".to_owned()]]));
    let text = r#"<row r="1"><c r="A1" t="d"><v>2026-02-13</v></c><c r="B1" t="e"><v>#REF!</v></c>
        <c r="C1"><v>86903123000123456789</v></c></row>"#;
    let expected = ["2026-02-13", "!formula_error", "!digits_lost"].map(str::to_owned);
    assert_eq!(read(&workbook(text)), Ok(vec![expected.to_vec()]));
}

#[test]
fn b051_broken_csv_is_refused_by_its_row() {
    assert_eq!(refused(b"a,b\n1,2\n3,\"4\n5,6\n"), ("unclosed_quote", 3, "B".to_owned()));
    assert_eq!(refused(b"a,b\n1,\0\n").0, "control_characters");
    assert_eq!(refused(format!("a{}", ",a".repeat(1_000_000)).as_bytes()).0, "too_many_columns");
    assert_eq!(refused(&vec![b'a'; sheet::MOST_BYTES + 1]).0, "too_large");
    let line = format!("a\n{}\n", "药".repeat(5_000_000));
    let long = read(line.as_bytes()).expect("read");
    assert_eq!(long[1], ["!too_long"]);
    assert_eq!(refused(&[0xFF, 0xFE, b'a', 0]).0, "utf16");
    let gbk = GB18030.encode("机构名称\n示例医院\n").0;
    assert_eq!(read(&gbk).expect("read")[1], ["示例医院"]);
}

async fn a_bad_file_is_a_refusal_and_a_foreign_one_another_type(db: TestDb) {
    let world = World::on(&db).await;
    let far = format!(r#"{ROW}<row r="300000"><c r="A300000"><v>1</v></c></row>"#);
    let report = import(&world.app, Kind::Organisations, workbook(&far)).await;
    let missing = [(1, "kind", "missing_column"), (1, "division", "missing_column")];
    assert_eq!(
        refusals(&report),
        [missing.as_slice(), &[(300_000, "A", "cell_out_of_range")]].concat()
    );
    // Mixed separators: the row has other cells than the heading.
    let mixed = "kind,name,division\nhospital;甲院;371002\nhospital,乙院,371002,x\n";
    let report = import(&world.app, Kind::Organisations, mixed).await;
    let codes: Vec<_> = refusals(&report).iter().map(|(row, _, code)| (*row, *code)).collect();
    assert_eq!(codes, [(2, "unknown"), (2, "required"), (2, "required"), (3, "no_heading")]);
    let wide: Vec<u8> = "kind,name".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [[0xFF, 0xFE].as_slice(), &wide].concat();
    for foreign in [marked, wide, vec![0xD0, 0xCF, 0x11, 0xE0]] {
        let refused = run(&world.app, Kind::Organisations, &foreign, Mode::Apply).await;
        assert!(matches!(refused, Err(Error::Unsupported(_))), "{foreign:?}");
    }
    for empty in ["", "\n\n", "kind,name,division\n"] {
        let report = import(&world.app, Kind::Organisations, empty).await;
        assert_eq!(refusals(&report)[0].2, "empty");
    }
}
