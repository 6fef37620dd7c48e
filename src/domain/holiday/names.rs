//! The public holidays by their names.
//!
//! **Never** finds a holiday in the name of another.

/// The names in use, with the one that is kept.
const NAMES: [(&str, &str); 11] = [
    ("元旦", "元旦"),
    ("春节", "春节"),
    ("清明节", "清明节"),
    ("清明", "清明节"),
    ("劳动节", "劳动节"),
    ("端午节", "端午节"),
    ("端午", "端午节"),
    ("中秋节", "中秋节"),
    ("中秋", "中秋节"),
    ("国庆节", "国庆节"),
    ("国庆", "国庆节"),
];

/// The holidays that a text names, in its order, like 国庆节、中秋节; `None` where it names none.
pub(super) fn holidays(text: &str) -> Option<String> {
    let mut found: Vec<(usize, &str)> = Vec::new();
    for (name, kept) in NAMES {
        if let Some(at) = text.find(name).filter(|_| !found.iter().any(|(_, known)| *known == kept))
        {
            found.push((at, kept));
        }
    }
    found.sort_unstable();
    let names: Vec<&str> = found.into_iter().map(|(_, name)| name).collect();
    (!names.is_empty()).then(|| names.join("、"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holidays_are_found_in_their_order() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(holidays(text).as_deref(), expected, "{text}");
        };
        check("国庆节、中秋节", Some("国庆节、中秋节"));
        check("中秋 国庆 放假", Some("中秋节、国庆节"));
        check("清明节（休）", Some("清明节"));
        check("五一劳动节假期", Some("劳动节"));
        check("植树节", None);
    }
}
