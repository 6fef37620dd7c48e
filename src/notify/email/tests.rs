//! Settings, addresses and headers; the conversation itself is in `tests/it/notify.rs`.

use super::*;

fn error(url: &str, from: &str) -> String {
    Mail::new(url, from, &Trust::public()).expect_err(url).to_string()
}

#[test]
fn every_form_of_the_setting_is_read() {
    for url in [
        "smtp://mail.example.cn",
        "smtp://127.0.0.1:2525",
        "smtp://[::1]:2525",
        "smtp://mail.example.cn:587?tls=required",
        "smtp://u:p@mail.example.cn/?tls=opportunistic",
        "smtps://user%40example.cn:p%3A%2F%25w@mail.example.cn",
    ] {
        let from = "药品供应 <notice@example.cn>";
        let mail = Mail::new(url, from, &Trust::public()).expect(url);
        assert!(!format!("{mail:?}").contains("p%3A"), "{mail:?}");
    }
}

#[test]
fn a_bad_setting_is_named_and_keeps_its_password() {
    assert!(error("mail.example.cn", "a@b.cn").starts_with("SUPPLYLINE_SMTP_URL"));
    assert!(error("smtp://", "a@b.cn").starts_with("SUPPLYLINE_SMTP_URL"));
    assert!(error("http://mail.example.cn", "a@b.cn").contains("not http://"));
    assert!(error("smtp://h?tls=maybe", "a@b.cn").contains("?tls=maybe"));
    for secret in ["smtp://user:s3cret@h?x=1", "smtp://:s3cret@h", "ftp://u:s3cret@h"] {
        assert!(!error(secret, "a@b.cn").contains("s3cret"), "{secret}");
    }
    for from in ["", "nobody", "Name <>", "a@b.cn>", "<a@b.cn", "a@b.cn\r\nBcc: c@d.cn"] {
        assert!(error("smtp://h", from).starts_with("SUPPLYLINE_MAIL_FROM"), "{from}");
    }
}

#[test]
fn senders_may_have_names() {
    let name = |text: &str| sender(text).expect(text).name;
    assert_eq!(name("药品供应 <a@b.cn>").as_deref(), Some("药品供应"));
    assert_eq!(name("\"Supply, line\" <a@b.cn>").as_deref(), Some("Supply, line"));
    assert_eq!(name("a@b.cn"), None);
}

#[test]
fn addresses_are_one_mailbox_or_refused() {
    for good in ["a@b.cn", "a+tag@b.cn", " a@b.cn ", "\"a b\"@b.cn", "用户@b.cn", "a@[127.0.0.1]"]
    {
        assert!(address(good).is_ok(), "{good}");
    }
    assert_eq!(address("a@例子.cn").expect("idn").to_string(), "a@xn--fsqu00a.cn");
    let long = format!("{}@b.cn", "a".repeat(320));
    for bad in
        ["", "a", "@b.cn", "a@", "a@b.cn\r\nRCPT TO:<c@d.cn>", "a@b.cn, c@d.cn", "a b@c.cn", &long]
    {
        assert!(address(bad).is_err(), "{bad}");
    }
}

#[test]
fn subjects_are_one_folded_line_of_encoded_words() {
    let text = format!("=?utf-8?b?eA==?= 药\r\nBcc: x@y{}", "长".repeat(5_000));
    let header = format!("{:?}", subject(&text));
    assert!(!header.contains("Bcc: x@y\\r") && header.contains('…'), "{header}");
    for word in header.split("=?utf-8?b?").skip(2) {
        assert!(word.len() < 80, "{word}");
    }
}
