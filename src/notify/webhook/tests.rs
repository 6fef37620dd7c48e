//! Settings, phone numbers and `Retry-After`.

use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::*;

#[test]
fn only_http_urls_are_gateways() {
    for bad in ["", "gateway", "ftp://gateway/", "file:///etc/passwd", "http://"] {
        let secret = SigningSecret::parse("whsec_c2VjcmV0").expect("secret");
        let error = Sms::new(bad, secret).expect_err(bad).to_string();
        assert!(error.starts_with("SUPPLYLINE_SMS_WEBHOOK_URL"), "{error}");
    }
}

#[test]
fn phones_are_digits() {
    assert_eq!(phone(" +86 138-0013-8000 ").as_deref(), Some("+8613800138000"));
    assert_eq!(phone("(0631) 5200000").as_deref(), Some("06315200000"));
    for bad in
        ["", "+", "12", "1380013800x", "1234567890123456", "１３８００１３８０００", "1\n38001"]
    {
        assert_eq!(phone(bad), None, "{bad}");
    }
}

#[test]
fn retry_after_is_a_wish_with_a_limit() {
    let at = "2026-11-22T08:00:00Z".parse().expect("instant");
    let wait = |text: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, text.parse().expect(text));
        retry_after(&headers, at).map(|wait| wait.as_secs())
    };
    assert_eq!(wait("120"), Some(120));
    assert_eq!(wait("1000000000"), Some(21_600));
    assert_eq!(wait("99999999999999999999999"), Some(21_600));
    assert_eq!(wait("Sun, 22 Nov 2026 08:05:00 GMT"), Some(300));
    assert_eq!(wait("Sun, 22 Nov 2026 07:00:00 GMT"), Some(0));
    assert_eq!(wait("Mon, 23 Nov 2026 08:00:00 GMT"), Some(21_600));
    for garbage in ["", "-5", "1.5", "soon", "Sun, 99 Nov 2026 08:05:00 GMT"] {
        assert_eq!(wait(garbage), None, "{garbage}");
    }
    assert_eq!(retry_after(&HeaderMap::new(), at), None);
}
